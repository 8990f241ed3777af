/** Servers with tokens, and calls in their names. */
import { type ServiceError, status } from '@grpc/grpc-js';
import { digestOf, type Token, TokenAccess } from '../../runtime/access/token-access.ts';
import type { Role } from '../../runtime/model/caller.ts';
import { NameList } from '../../runtime/model/name-list.ts';
import { type Engine, type EngineOptions, startEngine } from './engine.ts';
import { ok, describe as runner } from './fake-executor.ts';

/** What one token may do; everything where nothing is said. */
export interface Holder {
  readonly role: Role;
  readonly workers?: readonly string[];
  readonly channels?: readonly string[];
  readonly limits?: Token['limits'];
}

/** An engine with tokens by name; each one's secret is `secret of NAME`. There is always an admin, `boss`. */
export function startWithTokens(
  holders: Record<string, Holder>,
  options: Partial<EngineOptions> = {},
): Promise<Engine> {
  const all: Record<string, Holder> = { boss: { role: 'admin' }, ...holders };
  const tokens = Object.entries(all).map(
    ([name, { role, workers = ['*'], channels = ['*'], limits = {} }]): Token => ({
      caller: { name, role, workers: new NameList(workers), channels: new NameList(channels) },
      digest: digestOf(`secret of ${name}`),
      limits,
    }),
  );
  return startEngine({
    runners: [runner('echo')],
    body: (call) => ok(call.args),
    channels: [
      { name: '', concurrency: 4 },
      { name: 'blue', concurrency: 4 },
      { name: 'red', concurrency: 4 },
    ],
    access: new TokenAccess(tokens),
    ...options,
  });
}

/** The header of a token. */
export function as(name: string): { readonly headers: { readonly 'jobworkerp-auth': string } } {
  return { headers: { 'jobworkerp-auth': `secret of ${name}` } };
}

/** Name of the status, and the code of Bulkhead, that a call fails with; `OK` where it does not. */
export async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'OK';
  } catch (thrown) {
    const { code, metadata } = thrown as ServiceError;
    const own = JSON.parse(String(metadata.get('bulkhead-error')[0] ?? '{}')) as { code?: string };
    return [status[code], own.code].filter(Boolean).join(' ');
  }
}

export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}
