/** Which method a call is for: admission and every executor go by the same rule. */
import { describe, expect, it } from 'vitest';
import { type MethodDescription, methodFor } from '../../runtime/model/method.ts';

function methods(...names: string[]): MethodDescription[] {
  return names.map((name) => ({ name, argsProto: '', resultProto: '', outputType: 'both', needFeed: name === 'feed' }));
}

describe('the method of a call', () => {
  it.each([
    ['the one that is named', methods('feed', 'run'), 'feed', 'feed'],
    ['the only one, whatever its name', methods('feed'), undefined, 'feed'],
    ['run, wherever it stands, where none is named', methods('feed', 'run', 'stream'), undefined, 'run'],
    ['run, where the name is empty', methods('feed', 'run'), '', 'run'],
    ['none, where none is named and there is no run', methods('feed', 'stream'), undefined, undefined],
    ['none, where there is none of that name', methods('run'), 'walk', undefined],
  ])('is %s', (_, known, using, expected) => {
    expect(methodFor(known, using)?.name).toBe(expected);
  });
});
