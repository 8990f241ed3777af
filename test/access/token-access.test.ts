/** Tokens: who gets in, with which role, and how often. The clock is the test's. */
import { describe, expect, it } from 'vitest';
import type { Demand, Pass } from '../../runtime/access/access.ts';
import { digestOf, TokenAccess, type TokenLimits } from '../../runtime/access/token-access.ts';
import type { BulkheadError } from '../../runtime/errors.ts';
import type { Caller, Role } from '../../runtime/model/caller.ts';
import { NameList } from '../../runtime/model/name-list.ts';

const names = (...patterns: string[]) => new NameList(patterns);

function caller(name: string, role: Role, workers = names('*'), channels = names('*')): Caller {
  return { name, role, workers, channels };
}

function token(who: Caller, limits: TokenLimits = {}) {
  return { caller: who, digest: digestOf(`secret of ${who.name}`), limits };
}

function demand(role: Demand['role'], scope: Demand['scope'] = 'shared'): Demand {
  return { what: 'a.Service/Method', role, scope };
}

function codeOf(enter: () => unknown): string {
  try {
    enter();
    return 'in';
  } catch (error) {
    return (error as BulkheadError).code;
  }
}

describe('a token', () => {
  const admin = caller('admin', 'admin');
  const access = new TokenAccess([token(admin), token(caller('reader', 'reader'))]);

  it('lets its holder in, by the whole secret alone', () => {
    expect(access.enter(demand('admin'), ['secret of admin']).caller).toBe(admin);
    for (const wrong of ['', 'secret of admi', 'secret of admin ', 'Secret of admin', 'secret of nobody'])
      expect(codeOf(() => access.enter(demand('reader'), [wrong]))).toBe('unauthenticated');
  });

  it('has to be there, and to be one', () => {
    expect(codeOf(() => access.enter(demand('reader'), []))).toBe('unauthenticated');
    const both = ['secret of admin', 'secret of admin'];
    expect(() => access.enter(demand('reader'), both)).toThrow(/2 tokens in jobworkerp-auth/);
  });

  it('is not asked for where nobody needs one', () => {
    expect(codeOf(() => access.enter(demand('nobody'), []))).toBe('in');
    expect(codeOf(() => access.enter(demand('nobody'), ['wrong']))).toBe('in');
  });

  it('never shows in what is said to its holder', () => {
    for (const presented of [['secret of reader'], ['a guess'], ['a guess', 'another']])
      expect(() => access.enter(demand('admin'), presented)).not.toThrow(/secret of|guess/);
  });
});

describe('a role', () => {
  const roles = ['reader', 'submitter', 'admin'] as const;
  const access = new TokenAccess(roles.map((role) => token(caller(role, role))));

  it.each(roles.flatMap((has) => roles.map((needs) => [has, needs] as const)))(
    '%s where %s is needed',
    (has, needs) => {
      const expected = roles.indexOf(has) >= roles.indexOf(needs) ? 'in' : 'permission-denied';
      expect(codeOf(() => access.enter(demand(needs), [`secret of ${has}`]))).toBe(expected);
    },
  );

  it('that is too little is named, with the one that is needed', () => {
    expect(() => access.enter(demand('admin'), ['secret of reader'])).toThrow(
      "a.Service/Method needs the role admin; token 'reader' is a reader",
    );
  });
});

describe('a limited reach', () => {
  const some = names('a-*');
  const access = new TokenAccess([
    token(caller('workers', 'admin', some)),
    token(caller('channels', 'admin', names('*'), some)),
    token(caller('all', 'admin')),
  ]);

  it.each(['workers', 'channels'])('of %s closes what is about all', (name) => {
    const secret = [`secret of ${name}`];
    expect(codeOf(() => access.enter(demand('reader', 'whole'), secret))).toBe('permission-denied');
    expect(codeOf(() => access.enter(demand('reader', 'checked'), secret))).toBe('in');
    expect(codeOf(() => access.enter(demand('reader', 'shared'), secret))).toBe('in');
    expect(codeOf(() => access.enter(demand('reader', 'whole'), ['secret of all']))).toBe('in');
  });
});

describe('limits', () => {
  function withLimits(limits: TokenLimits) {
    const clock = { now: 1000 };
    const tokens = [token(caller('busy', 'admin'), limits), token(caller('other', 'admin'), limits)];
    const access = new TokenAccess(tokens, () => clock.now);
    const enter = (name = 'busy'): Pass => access.enter(demand('reader'), [`secret of ${name}`]);
    return { clock, enter, code: (name?: string) => codeOf(() => enter(name)) };
  }

  it('of calls in a second let a burst through, then one at a time', () => {
    const { clock, code } = withLimits({ callsPerSecond: 10, burst: 3 });
    expect([code(), code(), code(), code()]).toEqual(['in', 'in', 'in', 'rate-limited']);
    clock.now += 99;
    expect(code()).toBe('rate-limited');
    clock.now += 1;
    expect([code(), code()]).toEqual(['in', 'rate-limited']);
    clock.now += 10_000;
    expect([code(), code(), code(), code()]).toEqual(['in', 'in', 'in', 'rate-limited']);
  });

  it('hold over any stretch of time: never more than the burst and the rate', () => {
    const { clock, code } = withLimits({ callsPerSecond: 50, burst: 5 });
    let taken = 0;
    for (let step = 0; step < 10_000; step++) {
      clock.now += Math.random() * 4;
      if (code() === 'in') taken++;
    }
    const seconds = (clock.now - 1000) / 1000;
    expect(taken).toBeLessThanOrEqual(5 + 50 * seconds);
    expect(taken).toBeGreaterThan(0.95 * 50 * seconds);
  });

  it('say when to try again', () => {
    const { enter } = withLimits({ callsPerSecond: 2, burst: 1 });
    enter();
    expect(() => enter()).toThrow(expect.objectContaining({ details: expect.objectContaining({ retryAfterMs: 500 }) }));
  });

  it('are of each token by itself', () => {
    const { code } = withLimits({ callsPerSecond: 1, burst: 1, callsAtOnce: 1 });
    expect([code('busy'), code('other'), code('busy')]).toEqual(['in', 'in', 'calls-limited']);
  });

  it('of calls at once give a place back once, however often a call is left', () => {
    const { enter, code } = withLimits({ callsAtOnce: 2 });
    const [first, second] = [enter(), enter()];
    expect(code()).toBe('calls-limited');
    first.leave();
    first.leave();
    const third = enter();
    expect(code()).toBe('calls-limited');
    for (const pass of [second, third]) pass.leave();
    expect([code(), code(), code()]).toEqual(['in', 'in', 'calls-limited']);
  });

  it('do not count a call against the rate that found no place', () => {
    const { enter, code } = withLimits({ callsPerSecond: 1, burst: 2, callsAtOnce: 1 });
    const pass = enter();
    for (let more = 0; more < 5; more++) expect(code()).toBe('calls-limited');
    pass.leave();
    expect([code(), code()]).toEqual(['in', 'calls-limited']);
  });

  it('of messages are told to whoever reads them', () => {
    expect(withLimits({ messageBytes: 7 }).enter().maxMessageBytes).toBe(7);
    expect(withLimits({}).enter().maxMessageBytes).toBeUndefined();
  });
});

describe('other tokens', () => {
  it('hold from one moment to the next; what stays as it was keeps what it has used', () => {
    const limits = { callsAtOnce: 1 };
    const access = new TokenAccess([token(caller('kept', 'reader'), limits), token(caller('gone', 'reader'))]);
    const enter = (name: string, role: Role = 'reader') =>
      codeOf(() => access.enter(demand(role), [`secret of ${name}`]));
    const pass = access.enter(demand('reader'), ['secret of kept']);
    expect([enter('kept'), enter('gone'), enter('new')]).toEqual(['calls-limited', 'in', 'unauthenticated']);
    access.replace([token(caller('kept', 'admin'), limits), token(caller('new', 'reader'))]);
    expect([enter('kept'), enter('gone'), enter('new')]).toEqual(['calls-limited', 'unauthenticated', 'in']);
    pass.leave();
    expect(enter('kept', 'admin')).toBe('in');
  });
});
