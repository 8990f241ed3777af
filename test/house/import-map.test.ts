/** The import map: what the code does, and that the judge would see a breach. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../runtime/cli/toolbox/paths.mjs';
import { judge, readImports, zones } from './import-map.ts';

const runtime = join(root, 'runtime');

describe('the import map', () => {
  it('is kept by every file of the runtime', () => {
    const imports = readImports(runtime);
    expect(imports.length).toBeGreaterThan(100);
    expect(imports.map(judge).filter((complaint) => complaint !== undefined)).toEqual([]);
  });

  it('has no zone that is not there', () => {
    expect(zones.map(({ zone }) => zone).filter((zone) => !existsSync(join(runtime, zone)))).toEqual([]);
  });

  it.each([
    [
      'api/job-service.ts',
      'store/sqlite.ts',
      /runtime\/api\/job-service\.ts imports runtime\/store\/sqlite\.ts: .* because api/,
    ],
    ['dispatch/dispatcher.ts', 'executor/wasm/lane.ts', /never a variant/],
    ['model/job.ts', 'queue/queue.ts', /the model is what all others are built on/],
    ['executor/executor.ts', 'executor/wasm/lane.ts', /knows none of its variants/],
    ['executor/wasm/thread/main.ts', 'executor/executor.ts', /beside untrusted code/],
    ['executor/wasm/lane.ts', 'executor/wasm/thread/main.ts', /never imported/],
    ['cli/commands/run.ts', 'executor/wasm/wasm-executor.ts', /wired by app\.ts/],
    ['queue/embedded.ts', 'npm:@grpc/grpc-js', /only api\/, executor\/process\/ may know/],
    ['novelty/thing.ts', 'errors.ts', /in no zone/],
  ])('sees that %s must not import %s', (from, to, why) => {
    expect(judge({ from, to })).toMatch(why);
  });

  it.each([
    ['api/job-service.ts', 'admission/admission.ts'],
    ['queue/embedded.ts', 'errors.ts'],
    ['executor/wasm/thread/main.ts', 'capabilities/all.ts'],
    ['app.ts', 'store/sqlite.ts'],
    ['cli/commands/run.ts', 'cli/values.ts'],
  ])('lets %s import %s', (from, to) => {
    expect(judge({ from, to })).toBeUndefined();
  });
});
