/**
 * Who makes a request, and which workers and channels that is about: plain facts that travel from the call through
 * the stages. What a role may do is the business of `access/`; whether a worker is within reach is asked here.
 */
import { BulkheadError } from '../errors.ts';
import { defaultChannel, displayName } from './channel.ts';
import { NameList } from './name-list.ts';

/** From the least to the most: each may do what those before it may. */
export const roles = ['reader', 'submitter', 'admin'] as const;

export type Role = (typeof roles)[number];

/** The one who calls. */
export interface Caller {
  /** The name of the token, for messages and logs. */
  readonly name: string;
  readonly role: Role;
  /** The workers within reach, by name. */
  readonly workers: NameList;
  /** The channels within reach; the default one is called `[default]` here. */
  readonly channels: NameList;
}

/** What of a worker decides whether it is within reach. */
export interface Reachable {
  readonly name: string;
  /** Not set: the default channel. */
  readonly channel?: string | undefined;
}

const everything = new NameList(['*']);

/** Who calls a server without tokens: somebody on its machine. */
export const localCaller: Caller = { name: 'local', role: 'admin', workers: everything, channels: everything };

/** Whether nothing is out of reach. */
export function reachesAll({ workers, channels }: Caller): boolean {
  return workers.isEverything && channels.isEverything;
}

/** Whether a channel is within reach. */
export function reachesChannel(caller: Caller, channel: string = defaultChannel): boolean {
  return caller.channels.has(displayName(channel));
}

/** Whether a worker is: its name and its channel both have to be. */
export function reaches(caller: Caller, { name, channel }: Reachable): boolean {
  return caller.workers.has(name) && reachesChannel(caller, channel);
}

/** Throws `permission-denied` where a worker of that name is out of reach, whether or not there is one. */
export function checkWorkerName(caller: Caller, name: string): void {
  if (!caller.workers.has(name)) throw outOfReach(caller, 'worker', `'${name}'`, caller.workers);
}

/**
 * Throws `permission-denied` where a worker is out of reach. `id`: the caller gave it instead of a name, so the
 * message does not tell the name.
 */
export function checkReach(caller: Caller, worker: Reachable, id?: bigint): void {
  if (id === undefined) checkWorkerName(caller, worker.name);
  else if (!caller.workers.has(worker.name)) throw outOfReach(caller, 'worker', `with id ${id}`, caller.workers);
  const { channel = defaultChannel } = worker;
  if (!reachesChannel(caller, channel))
    throw outOfReach(caller, 'channel', `'${displayName(channel)}'`, caller.channels);
}

function outOfReach(caller: Caller, kind: 'worker' | 'channel', which: string, list: NameList): BulkheadError {
  const allowed = list.patterns.map((each) => `'${each}'`).join(', ') || 'none';
  const message = `token '${caller.name}' may not use ${kind} ${which}; its ${kind}s: ${allowed}`;
  return new BulkheadError('permission-denied', message, { details: { token: caller.name } });
}
