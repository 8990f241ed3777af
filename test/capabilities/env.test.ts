/** Environment and clock in a Rust plugin: granted, not granted. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GrantedPlugin } from './executor.ts';

describe('the environment of a plugin', () => {
  let plugin: GrantedPlugin;
  beforeAll(() => {
    plugin = new GrantedPlugin('wants-env');
  });
  afterAll(() => plugin.close());

  it('has the granted variables with the operator’s values, and no others', async () => {
    const look = await plugin.worker({ env: { TOKEN: 'value of the operator', PATH: '/nowhere' } });
    expect(await look('/none')).toMatch(
      /^env=TOKEN:value of the operator,PATH:\/nowhere$|^env=PATH:\/nowhere,TOKEN:value of the operator$/m,
    );
  });

  it('is empty where nothing is granted', async () => {
    const look = await plugin.worker({});
    expect(await look('/none')).toMatch(/^env=$/m);
  });
});
