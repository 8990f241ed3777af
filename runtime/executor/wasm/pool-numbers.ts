/** Numbers the pools of idle instances: what has the same plugin, settings, grants and limits shares one. */
import type { Grants } from '../../model/grant.ts';
import type { Limits } from '../../model/limits.ts';
import { digestOf } from './cache.ts';

interface Pool {
  readonly key: string;
  users: number;
}

export class PoolNumbers {
  readonly #byKey = new Map<string, number>();
  readonly #pools = new Map<number, Pool>();
  #last = 0;

  /** The pool's number; the caller is one of its users until it leaves. */
  join(digest: string, settings: Uint8Array, rights: { readonly grants: Grants; readonly limits: Limits }): number {
    const key = digestOf(digest, JSON.stringify(rights), settings);
    let number = this.#byKey.get(key);
    if (number === undefined) {
      number = ++this.#last;
      this.#byKey.set(key, number);
      this.#pools.set(number, { key, users: 0 });
    }
    const pool = this.#pools.get(number) as Pool;
    pool.users++;
    return number;
  }

  /** Answers how many users are left. At none the number is never given again. */
  leave(number: number): number {
    const pool = this.#pools.get(number);
    if (!pool) return 0;
    if (--pool.users > 0) return pool.users;
    this.#pools.delete(number);
    this.#byKey.delete(pool.key);
    return 0;
  }
}
