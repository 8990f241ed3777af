/**
 * The contract of access: who may make a call at all.
 *
 * Access looks at the token and at what the call is, and says no. Whether the worker or the channel that a request
 * names is within the caller's reach, the stage asks that finds the worker (`model/caller.ts`).
 */
import type { Caller, Role } from '../model/caller.ts';

/** The request header that carries a token. */
export const tokenHeader = 'jobworkerp-auth';

/** Which callers a call is for, beside their role. */
export type Scope =
  /** All: it is about nothing that belongs to a worker. */
  | 'shared'
  /** All: its handler leaves out, or refuses, what is out of the caller's reach. */
  | 'checked'
  /** Only those that reach every worker and channel. */
  | 'whole';

/** What a call demands of its caller. */
export interface Demand {
  /** The call, for messages: `jobworkerp.service.JobService/Enqueue`. */
  readonly what: string;
  /** The least role; `nobody` asks for no token. */
  readonly role: Role | 'nobody';
  readonly scope: Scope;
}

/** A call that was let in. */
export interface Pass {
  readonly caller: Caller;
  /** The largest request message, in bytes, where the token's is smaller than the server's. */
  readonly maxMessageBytes?: number;
  /** The call has ended. To be called once at least; the rest does nothing. */
  leave(): void;
}

/** Lets calls in. */
export interface Access {
  /** There are no tokens: whoever reaches the port may do everything. */
  readonly isOpen: boolean;
  /**
   * `presented` are the tokens that the call brings; one is what it takes. Throws `unauthenticated`,
   * `permission-denied`, `rate-limited`, `calls-limited`.
   */
  enter(demand: Demand, presented: readonly string[]): Pass;
}
