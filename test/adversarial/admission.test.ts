/** Plugins that attack the host while it asks them what they are: each is refused in one line, or is harmless. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BulkheadError } from '../../runtime/errors.ts';
import { compileRunnerSchemas } from '../../runtime/plugins/schemas.ts';
import { admissions } from './admission-cases.ts';
import { hostilePlugin } from './attack.ts';
import { HostUnderAttack } from './host.ts';

/** Longer than a line of a log is read. */
const longestRefusal = 2_000;

describe('a plugin that is hostile when it is examined', () => {
  let host: HostUnderAttack;
  beforeAll(async () => {
    host = await HostUnderAttack.start({ cpuMs: 500 });
  });
  afterAll(() => host.close());

  /** Admits the plugin and compiles its schemas, as the catalogue does. Answers its methods, or the refusal. */
  async function examine(name: string): Promise<readonly string[] | BulkheadError> {
    try {
      const { runner } = await host.executor.admit(hostilePlugin(name));
      const schemas = compileRunnerSchemas(runner);
      for (const method of runner.methods) schemas.method(method.name).args?.toJson(new Uint8Array());
      return runner.methods.map((method) => method.name);
    } catch (error) {
      return BulkheadError.from(error);
    }
  }

  it.each(admissions)('$plugin', async ({ plugin, refused, methods }) => {
    await host.settle();
    const answer = await examine(plugin);
    await host.expectUnharmed();
    if (refused) {
      expect(answer).toMatchObject({ code: 'plugin-refused', message: expect.stringMatching(refused) });
      const { message } = answer as BulkheadError;
      expect(message.length).toBeLessThan(longestRefusal);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
      expect(message).not.toMatch(/[\0-\x1f\x7f]/);
    } else expect(answer).toEqual(methods);
  });
});
