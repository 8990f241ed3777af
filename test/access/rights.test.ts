/** The table of rights covers the wire, RPC by RPC, and is closed. */
import { describe, expect, it } from 'vitest';
import { demandOf, demands } from '../../runtime/access/rights.ts';
import { WireSchema } from '../../runtime/api/schema.ts';

const schema = new WireSchema();
const rpcs = schema
  .serviceNames()
  .flatMap((name) => Object.values(schema.service(name)).map(({ path }) => path.slice(1)));
const own = [...demands.keys()].filter((rpc) => !rpc.startsWith('grpc.'));

describe('the table of rights', () => {
  it('has every RPC of proto/, and no other', () => {
    expect(rpcs.length).toBeGreaterThan(50);
    expect(own.toSorted()).toEqual(rpcs.toSorted());
  });

  it('demands an admin with full reach for what is not in it', () => {
    expect(demandOf('bulkhead.PluginService/Upload')).toMatchObject({ role: 'admin', scope: 'whole' });
    expect(demandOf('constructor')).toMatchObject({ role: 'admin', scope: 'whole' });
  });

  it('lets nobody in without a token but for health', () => {
    const open = [...demands.values()].filter(({ role }) => role === 'nobody').map(({ what }) => what);
    expect(open).toEqual(['Check', 'List', 'Watch'].map((method) => `grpc.health.v1.Health/${method}`));
  });

  it('lets readers find, count and listen, and nothing else', () => {
    const methods = [...demands.values()].filter(({ role }) => role === 'reader').map(({ what }) => what.split('/')[1]);
    expect(methods.filter((method) => !/^(Find|List|Count|ServerReflectionInfo)/.test(method ?? ''))).toEqual([]);
  });

  it('keeps what changes workers, runners, function sets and queues for admins', () => {
    const changing = /^(Create|Upsert|Update|Restore|Cleanup|Purge|DeleteBulk|Load|Release)/;
    const found = [...demands.values()].filter(({ what }) => changing.test(what.split('/')[1] ?? ''));
    expect(found.length).toBeGreaterThan(10);
    expect(found.filter(({ role }) => role !== 'admin')).toEqual([]);
  });
});
