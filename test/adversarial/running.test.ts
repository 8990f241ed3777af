/** Hostile jobs beside a well-behaved neighbour in the same thread. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commit } from './attack.ts';
import { expectFewLogs, expectResult } from './expect-result.ts';
import { HostUnderAttack } from './host.ts';
import { tightLimits } from './limits.ts';
import { ends, escapes, feeds, floods, type HostileCase, loops, waits } from './running-cases.ts';

const families = { loops, waits, floods, ends, escapes, feeds };
const isolations = ['per-job', 'kept'] as const;

/** How the case reads in the report. */
function titleOf({ plugin, args = '', settings = '', how = 'run', deadline, expect: { code } }: HostileCase): string {
  const words = [
    plugin,
    how,
    args.length > 30 ? `${args.length} bytes` : args,
    settings,
    deadline ? `${deadline} ms` : '',
  ];
  return `${words.filter((word) => word !== '').join(' ')}: ${code ?? 'succeeds'}`.replaceAll('\0', '\\0');
}

describe('a hostile job', () => {
  let host: HostUnderAttack;
  beforeAll(async () => {
    host = await HostUnderAttack.start();
  });
  afterAll(() => host.close());

  async function play(test: HostileCase, isolation: (typeof isolations)[number]): Promise<void> {
    const instance = await host.instance(test, isolation);
    await host.settle();
    const result = await commit(test, instance);
    await instance.dispose();
    await host.expectUnharmed({
      losesThread: test.losesThread !== undefined,
      ...(test.stalls && { longestMs: test.stalls[0] }),
    });
    expectResult(result, test.expect);
    expectFewLogs(host.logged, tightLimits, result.tookMs);
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('polluted');
  }

  describe.each(Object.entries(families))('of the %s', (_, cases) => {
    describe.each(isolations)('on an instance %s', (isolation) => {
      it.each(cases.map((test) => [titleOf(test), test] as const))('%s', (_title, test) => play(test, isolation));
    });
  });
});
