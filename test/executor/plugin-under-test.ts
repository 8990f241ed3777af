/** A plugin with its schemas, so that tests speak of JSON and not of bytes. */
import type { Executor, InstanceSpec, PluginInstance } from '../../runtime/executor/executor.ts';
import type { MethodCall } from '../../runtime/model/call.ts';
import { type Grants, noGrants } from '../../runtime/model/grant.ts';
import { compileRunnerSchemas, type RunnerSchemas } from '../../runtime/plugins/schemas.ts';

export class PluginUnderTest {
  readonly #executor: Executor;
  readonly plugin: InstanceSpec['plugin'];
  readonly schemas: RunnerSchemas;
  #lastJob = 0n;

  private constructor(executor: Executor, plugin: InstanceSpec['plugin']) {
    this.#executor = executor;
    this.plugin = plugin;
    this.schemas = compileRunnerSchemas(plugin.runner);
  }

  static async admit(executor: Executor, path: string): Promise<PluginUnderTest> {
    return new PluginUnderTest(executor, await executor.admit(path));
  }

  instance(isolation: InstanceSpec['isolation'], settings: unknown = {}, grants: Grants = noGrants): PluginInstance {
    const bytes = this.schemas.settings?.fromJson(settings) ?? new Uint8Array();
    return this.#executor.instance({ plugin: this.plugin, settings: bytes, grants, isolation });
  }

  call(using: string, args: unknown, metadata: MethodCall['metadata'] = {}): MethodCall {
    const codec = this.schemas.method(using).args;
    const bytes = codec ? codec.fromJson(args) : Buffer.from(String(args));
    return { job: { jobId: ++this.#lastJob, workerName: 'tester', attempt: 1 }, using, args: bytes, metadata };
  }

  /** A result or chunk as JSON. */
  read(using: string, bytes: Uint8Array): unknown {
    return this.schemas.method(using).result?.toJson(bytes) ?? Buffer.from(bytes).toString();
  }
}

/** Reads a stream to its end. */
export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}
