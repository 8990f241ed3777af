/** Caps of single workers, from the operator's file to the end of a job. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testPlugin } from '../support/artifacts.ts';
import { startTestRuntime, type TestRuntime } from '../support/runtime.ts';

const grants = `
[limits]
cpu_ms = 900
[plugin.BigOutput.limits]
output_bytes = 5000
[worker.short.limits]
cpu_ms = 150
[worker.shorter.limits]
cpu_ms = 50
[worker.wide.limits]
output_bytes = 6000
`;

describe('the limits of a worker', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-worker-limits-'));
  let runtime: TestRuntime;
  beforeAll(async () => {
    const grantsFile = join(folder, 'grants.toml');
    writeFileSync(grantsFile, grants);
    runtime = await startTestRuntime([testPlugin('spin'), testPlugin('big-output')], { grantsFile });
  });
  afterAll(async () => {
    await runtime.stop();
    rmSync(folder, { recursive: true });
  });

  /** How a job of the worker ended, in words; undefined where it succeeded. */
  async function endOf(worker: string, args = ''): Promise<string | undefined> {
    const { data } = await runtime.job(worker, Buffer.from(args));
    const text = Buffer.from(data?.output?.items ?? []).toString();
    return text.startsWith('x') ? undefined : text;
  }

  it.each([
    ['short', 150, true],
    ['shorter', 50, false],
    ['plain', 900, false],
  ])("end its jobs, and no other worker's of the plugin: %s", async (name, value, use_static) => {
    await runtime.worker('Spin', { name, use_static });
    expect(await endOf(name)).toMatch(new RegExp(`its limit is ${value} \\(cpuMs\\)`));
  });

  it('are at most what its plugin may use, and the operator is told', async () => {
    await runtime.worker('BigOutput', { name: 'wide' });
    expect(await endOf('wide', '5000')).toBeUndefined();
    expect(await endOf('wide', '5001')).toMatch(/5001 bytes; its limit is 5000 \(outputBytes\)/);
    expect(runtime.log.map(({ message }) => message)).toContain(
      'output_bytes of the worker "wide" is 6000, but 5000 where it is one of BigOutput, which may use no more',
    );
  });
});
