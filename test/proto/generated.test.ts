/** The generated types, and the interface that they come from. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generatedFile, generateTypes } from '../../proto/generate-types.ts';
import { fileDescriptors } from '../../runtime/api/descriptors.ts';
import { allProtos, loadProtos, protoFolder, WireSchema } from '../../runtime/api/schema.ts';

describe('the generated types', () => {
  it('are what the .proto files say today (if not: npm run generate)', () => {
    expect(readFileSync(generatedFile, 'utf8')).toBe(generateTypes());
  });

  it('come out the same each time', () => {
    expect(generateTypes(loadProtos())).toBe(generateTypes(loadProtos()));
  });
});

describe('the interface', () => {
  const root = loadProtos();

  it('has the services of jobworkerp-rs, and ours in packages of their own', () => {
    expect(new WireSchema(root).serviceNames()).toEqual([
      'bulkhead.admin.v1.ChannelService',
      'bulkhead.plugin.v1.PluginService',
      'jobworkerp.function.service.FunctionService',
      'jobworkerp.function.service.FunctionSetService',
      'jobworkerp.service.JobProcessingStatusService',
      'jobworkerp.service.JobRestoreService',
      'jobworkerp.service.JobResultService',
      'jobworkerp.service.JobService',
      'jobworkerp.service.RunnerService',
      'jobworkerp.service.WorkerInstanceService',
      'jobworkerp.service.WorkerService',
    ]);
  });

  it('keeps what is spoken with plugin processes to itself', () => {
    expect(allProtos()).toContain('bulkhead/process/v1/runner.proto');
    expect(root.lookup('bulkhead.process')).toBeNull();
    expect(root.get('plugin')).toBeNull();
    const files = fileDescriptors(root, protoFolder).map((bytes) => bytes.toString('latin1'));
    expect(files.filter((file) => /bulkhead\/process|goplugin/.test(file))).toEqual([]);
  });

  it("has the guide's FeedToStream beside today's EnqueueWithClientStream", () => {
    const service = root.lookupService('jobworkerp.service.JobService');
    expect(service.methods.FeedToStream?.requestStream).toBeFalsy();
    expect(service.methods.EnqueueWithClientStream?.requestStream).toBe(true);
    const fields = root.lookupType('jobworkerp.service.FeedToStreamRequest').fields;
    expect(Object.values(fields).map(({ name, id }) => [name, id])).toEqual([
      ['job_id', 1],
      ['data', 2],
      ['is_final', 3],
    ]);
  });

  it("gives the feed fields of a method the guide's numbers", () => {
    const { fields } = root.lookupType('jobworkerp.data.MethodSchema');
    expect(Object.values(fields).map(({ name, id }) => `${name} = ${id}`)).toEqual([
      'args_proto = 1',
      'result_proto = 2',
      'description = 3',
      'output_type = 4',
      'require_client_stream = 5',
      'client_stream_data_proto = 6',
    ]);
  });
});
