import { describe, expect, it } from 'vitest';
import { NameList } from '../../runtime/model/name-list.ts';

describe('a list of names', () => {
  it.each([
    [['build'], ['build'], ['Build', 'build2', 'a-build', '']],
    [['build-*'], ['build-', 'build-1', 'build-*'], ['build', 'x-build-1', 'uild-1']],
    [['*-build'], ['-build', 'a-build'], ['a-build-1']],
    [['a*b*c'], ['abc', 'aXbYc', 'abbcc', 'abcbc'], ['ab', 'acb', 'abcd', 'xabc']],
    [['*'], ['', 'anything', '*'], []],
    [['**'], ['', 'anything'], []],
    [
      ['a', 'b*'],
      ['a', 'b', 'bc'],
      ['ab', 'c'],
    ],
    [
      ['a.c', '[x]', 'x?'],
      ['a.c', '[x]', 'x?'],
      ['abc', 'x', 'xy'],
    ],
    [[], [], ['', 'a']],
  ])('%j has %j and not %j', (patterns, inside, outside) => {
    const list = new NameList(patterns);
    expect(inside.filter((name) => !list.has(name))).toEqual([]);
    expect(outside.filter((name) => list.has(name))).toEqual([]);
  });

  it('says the same as a regular expression does', () => {
    const letters = (count: number, of: string) =>
      Array.from({ length: count }, () => of[Math.floor(Math.random() * of.length)]).join('');
    for (let round = 0; round < 5000; round++) {
      const pattern = letters(round % 7, 'ab*');
      const name = letters(round % 9, 'ab');
      const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name);
      expect([pattern, name, new NameList([pattern]).has(name)]).toEqual([pattern, name, expected]);
    }
  });

  it('answers at once, whatever the name', () => {
    expect(new NameList([`${'*a'.repeat(100)}b`]).has('a'.repeat(100_000))).toBe(false);
  });

  it('is everything only where it says so', () => {
    expect([['*'], ['a', '*']].every((patterns) => new NameList(patterns).isEverything)).toBe(true);
    expect([[], ['a*'], ['?']].some((patterns) => new NameList(patterns).isEverything)).toBe(false);
  });
});
