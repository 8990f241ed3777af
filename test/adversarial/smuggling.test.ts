/** No job sees anything of an earlier one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PluginInstance } from '../../runtime/executor/executor.ts';
import { commit, type Result } from './attack.ts';
import { HostUnderAttack } from './host.ts';
import { type SmugglingCase, smuggling } from './smuggling-cases.ts';

describe('state that one job leaves for the next', () => {
  let host: HostUnderAttack;
  beforeAll(async () => {
    host = await HostUnderAttack.start();
  });
  afterAll(() => host.close());

  /** Runs the jobs one after the other. */
  async function runAll({ plugin, jobs }: SmugglingCase, instance: PluginInstance): Promise<Result[]> {
    const results: Result[] = [];
    for (const job of jobs) {
      const args = job === 'previous' ? (results.at(-1)?.output ?? '') : job;
      results.push(await commit({ plugin, args, deadline: 5_000 }, instance));
    }
    await instance.dispose();
    return results;
  }

  function expectFresh({ fresh }: SmugglingCase, results: readonly Result[]): void {
    for (const [job, { error, output }] of results.entries()) {
      const before = results.slice(0, job).map((result) => result.output);
      expect(error?.code).toBe(fresh[job] === 'trapped' ? 'plugin-trapped' : undefined);
      if (fresh[job] === 'nothing') expect(output, `job ${job + 1}`).toBe('');
      if (fresh[job] === 'new') expect(before).not.toContain(output);
    }
  }

  it.each(smuggling.map((test) => [test.plugin, test] as const))('%s: is gone', async (_, test) => {
    const instance = await host.instance(test, 'per-job');
    await host.settle();
    const results = await runAll(test, instance);
    expectFresh(test, results);
    const lines = host.logged.flatMap((message) => message.lines.map((line) => line.message));
    expect(lines.filter((line) => line.includes('secret') && line !== 'secret')).toEqual([]);
    await host.expectUnharmed();
  });

  it('is gone for a job that runs at the same time with the same settings', async () => {
    const [test] = smuggling;
    if (!test) throw new Error('no case');
    const instances = await Promise.all(test.jobs.map(() => host.instance(test, 'per-job')));
    const rounds = await Promise.all(instances.map((instance) => runAll(test, instance)));
    expect(rounds.flat().map(({ output }) => output)).toEqual(rounds.flat().map(() => ''));
  });

  const persisting = smuggling.filter((test) => test.kept);
  it.each(persisting.map((test) => [test.plugin, test] as const))('%s: stays on a kept instance', async (_, test) => {
    const results = await runAll(test, await host.instance(test, 'kept'));
    expect(results.at(-1)?.output).toMatch(test.kept ?? /$^/);
  });
});
