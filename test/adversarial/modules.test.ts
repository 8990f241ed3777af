/** Hostile modules, written as text, beside a well-behaved neighbour in the same thread. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BulkheadError } from '../../runtime/errors.ts';
import type { PluginInstance } from '../../runtime/executor/executor.ts';
import { commit, type Outcome } from './attack.ts';
import { expectFewLogs, expectResult } from './expect-result.ts';
import { HostUnderAttack } from './host.ts';
import { tightLimits } from './limits.ts';
import { answers } from './module-answers.ts';
import { beginnings, type ModuleCase, runs, states } from './module-cases.ts';
import { writeWatPlugin } from './wat-plugin.ts';

const families = {
  'before it runs': beginnings,
  'while it runs': runs,
  'with what it answers': answers,
  'by state that it leaves': states,
};
const succeeds: readonly Outcome[] = [{}];

describe('a module that attacks', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-modules-'));
  let host: HostUnderAttack;
  beforeAll(async () => {
    host = await HostUnderAttack.start({ cpuMs: 500 });
  });
  afterAll(async () => {
    await host.close();
    rmSync(folder, { recursive: true });
  });

  /** An instance, or why the plugin was refused; also where the text tool already refuses it. */
  async function instanceOf(test: ModuleCase): Promise<PluginInstance | BulkheadError> {
    try {
      return await host.instance({ plugin: await writeWatPlugin(folder, test) }, 'per-job');
    } catch (error) {
      return error instanceof BulkheadError
        ? error
        : new BulkheadError('plugin-refused', `the text tool: ${String(error)}`);
    }
  }

  async function runJobs(test: ModuleCase, instance: PluginInstance): Promise<void> {
    for (const expected of test.jobs ?? succeeds) {
      const result = await commit({ ...test, plugin: '' }, instance);
      await host.expectUnharmed();
      expectResult(result, expected);
      expectFewLogs(host.logged, tightLimits, result.tookMs);
    }
    await instance.dispose();
  }

  describe.each(Object.entries(families))('%s', (_, cases) => {
    it.each(cases.map((test) => [test.does, test] as const))('%s', async (_title, test) => {
      await host.settle();
      const instance = await instanceOf(test);
      await host.expectUnharmed();
      if (test.refused)
        expect(instance).toMatchObject({ code: 'plugin-refused', message: expect.stringMatching(test.refused) });
      else if (instance instanceof BulkheadError) throw instance;
      else await runJobs(test, instance);
    });
  });
});
