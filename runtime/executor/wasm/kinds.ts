/** Numbers what makes instances alike: those of a kind that are not kept stand in for each other. */
import { digestOf } from './cache.ts';
import type { InstanceKind } from './messages.ts';

interface Known {
  readonly kind: InstanceKind;
  readonly key: string;
  users: number;
}

export class Kinds {
  readonly #byKey = new Map<string, Known>();
  readonly #byNumber = new Map<number, Known>();
  #last = 0;

  /** The kind with its number; the caller is one of its users until it leaves. */
  join({ digest, settings, limits, grants }: Omit<InstanceKind, 'number'>): InstanceKind {
    const key = digestOf(digest, JSON.stringify({ grants, limits }), settings);
    let known = this.#byKey.get(key);
    if (!known) {
      known = { kind: { number: ++this.#last, digest, settings, limits, grants }, key, users: 0 };
      this.#byKey.set(key, known);
      this.#byNumber.set(known.kind.number, known);
    }
    known.users++;
    return known.kind;
  }

  /** Answers how many users are left. At none the number is never given again. */
  leave({ number }: InstanceKind): number {
    const known = this.#byNumber.get(number);
    if (!known) return 0;
    if (--known.users > 0) return known.users;
    this.#byNumber.delete(number);
    this.#byKey.delete(known.key);
    return 0;
  }
}
