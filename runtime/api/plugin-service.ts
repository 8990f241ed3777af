/** PluginService: plugins that callers bring to the running server. */
import { BulkheadError } from '../errors.ts';
import type { UploadedPlugin, UploadRequest } from '../model/messages.gen.ts';
import type { PluginManagement, StoredUpload } from '../plugins/management.ts';
import type { Handlers } from './handlers.ts';

export function pluginService(management: PluginManagement): Handlers<'bulkhead.plugin.v1.PluginService'> {
  return {
    Upload: async (requests) => {
      const iterator = requests[Symbol.asyncIterator]();
      const first = await iterator.next();
      if (first.done || !first.value.head)
        throw invalid(first.done ? 'the upload ended without a head' : 'the first message must be head');
      const { runner, notGranted } = await management.upload(first.value.head, chunks(iterator));
      return { runner_id: { value: runner.id }, not_granted: notGranted };
    },
    List: async () => ({ plugins: (await management.uploads()).map(message) }),
    Remove: async ({ name }) => {
      await management.removeUpload(name);
      return {};
    },
  };
}

async function* chunks(iterator: AsyncIterator<UploadRequest>): AsyncGenerator<Uint8Array, void, undefined> {
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    if (next.value.head) throw invalid('head is only allowed as the first message');
    if (next.value.chunk) yield next.value.chunk;
  }
}

function message({ name, sha256, sizeBytes, uploadedAt, runner }: StoredUpload): UploadedPlugin {
  return {
    name,
    sha256,
    size_bytes: BigInt(sizeBytes),
    uploaded_at: BigInt(uploadedAt),
    ...(runner && { runner_id: { value: runner.id } }),
  };
}

function invalid(why: string): BulkheadError {
  return new BulkheadError('field-invalid', why, { details: { field: 'part' } });
}
