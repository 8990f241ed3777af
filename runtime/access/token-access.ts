/**
 * Access by tokens. A token that is presented is hashed, and its hash compared with that of every token there is,
 * each in constant time and without stopping at the one that fits: how long it takes tells nothing of how near a
 * guess was, nor which token it was.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import { BulkheadError } from '../errors.ts';
import { type Caller, reachesAll, roles } from '../model/caller.ts';
import { NameList } from '../model/name-list.ts';
import { type Access, type Demand, type Pass, tokenHeader } from './access.ts';
import { Rate } from './rate.ts';

/** What one token may use up. What is not set is limited by the server only. */
export interface TokenLimits {
  readonly callsPerSecond?: number;
  /** Calls at once after a pause; not set: as many as in a second, one at least. */
  readonly burst?: number;
  /** Calls under way, streams included. */
  readonly callsAtOnce?: number;
  /** Bytes of a request message. */
  readonly messageBytes?: number;
}

export interface Token {
  readonly caller: Caller;
  /** SHA-256 of the secret. */
  readonly digest: Uint8Array;
  readonly limits: TokenLimits;
}

/** The hash of a secret. */
export function digestOf(secret: string): Uint8Array {
  return hash('sha256', secret, 'buffer');
}

/** A token and what it has used. */
class Holder {
  token: Token;
  readonly rate: Rate | undefined;
  callsNow = 0;

  constructor(token: Token) {
    this.token = token;
    const { callsPerSecond, burst } = token.limits;
    if (callsPerSecond !== undefined) this.rate = new Rate(callsPerSecond, burst ?? callsPerSecond);
  }

  /** The same secret and limits, with another role or reach perhaps. */
  renewed(token: Token): Holder {
    this.token = token;
    return this;
  }
}

/** What of a token decides whether it has used up anything. */
function keyOf({ digest, limits }: Token): string {
  return JSON.stringify([Buffer.from(digest).toString('hex'), limits]);
}

/** See {@link Access}. */
export class TokenAccess implements Access {
  readonly isOpen = false;
  #holders: readonly Holder[];
  readonly #now: () => number;

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(tokens: readonly Token[], now: () => number = () => performance.now()) {
    this.#holders = tokens.map((token) => new Holder(token));
    this.#now = now;
  }

  /** From now on these are the tokens. Calls under way go on; a token that stays as it was keeps what it has used. */
  replace(tokens: readonly Token[]): void {
    const before = new Map(this.#holders.map((holder) => [keyOf(holder.token), holder]));
    this.#holders = tokens.map((token) => before.get(keyOf(token))?.renewed(token) ?? new Holder(token));
  }

  enter(demand: Demand, presented: readonly string[]): Pass {
    if (demand.role === 'nobody') return { caller: nobody, leave: () => undefined };
    const holder = this.#holder(presented);
    const { caller, limits } = holder.token;
    checkRole(caller, demand);
    takeTurn(holder, this.#now());
    let isIn = true;
    return {
      caller,
      ...(limits.messageBytes !== undefined && { maxMessageBytes: limits.messageBytes }),
      leave: () => {
        if (isIn) holder.callsNow--;
        isIn = false;
      },
    };
  }

  #holder(presented: readonly string[]): Holder {
    const [secret] = presented;
    if (secret === undefined) throw stranger(`the call brings no token: set the header ${tokenHeader}`);
    if (presented.length > 1)
      throw stranger(`the call brings ${presented.length} tokens in ${tokenHeader}; one is enough`);
    const digest = digestOf(secret);
    let found: Holder | undefined;
    for (const holder of this.#holders) if (timingSafeEqual(holder.token.digest, digest)) found = holder;
    if (!found) throw stranger(`the token in ${tokenHeader} is none of this server's`);
    return found;
  }
}

/** Who calls what is for everybody. */
const nobody: Caller = { name: '', role: 'reader', workers: new NameList([]), channels: new NameList([]) };

function checkRole(caller: Caller, { what, role, scope }: Demand): void {
  if (role === 'nobody') return;
  const details = { token: caller.name, rpc: what };
  if (roles.indexOf(caller.role) < roles.indexOf(role)) {
    const message = `${what} needs the role ${role}; token '${caller.name}' is a ${caller.role}`;
    throw new BulkheadError('permission-denied', message, { details });
  }
  if (scope === 'whole' && !reachesAll(caller)) {
    const message = `${what} is about all workers and channels; token '${caller.name}' may use some of them only`;
    throw new BulkheadError('permission-denied', message, { details });
  }
}

/** Calls at once first: a call that finds no place has not used up the rate. */
function takeTurn(holder: Holder, now: number): void {
  const { caller, limits } = holder.token;
  const { callsAtOnce = Number.POSITIVE_INFINITY, callsPerSecond = 0 } = limits;
  if (holder.callsNow >= callsAtOnce) {
    const message = `token '${caller.name}' has ${callsAtOnce} calls under way, which is its limit`;
    throw new BulkheadError('calls-limited', message, { details: { token: caller.name, limit: callsAtOnce } });
  }
  const wait = Math.ceil(holder.rate?.take(now) ?? 0);
  if (wait > 0) {
    const message = `token '${caller.name}' may make ${callsPerSecond} calls in a second; try again in ${wait} ms`;
    const details = { token: caller.name, limit: callsPerSecond, retryAfterMs: wait };
    throw new BulkheadError('rate-limited', message, { details });
  }
  holder.callsNow++;
}

function stranger(message: string): BulkheadError {
  return new BulkheadError('unauthenticated', message);
}
