/** A first-in, first-out list whose both ends cost the same however long it is. */

interface Link<T> {
  readonly value: T;
  next: Link<T> | undefined;
}

/** Holds values in order of arrival. */
export class Fifo<T> {
  #head: Link<T> | undefined;
  #tail: Link<T> | undefined;

  push(value: T): void {
    const link: Link<T> = { value, next: undefined };
    if (this.#tail) this.#tail.next = link;
    else this.#head = link;
    this.#tail = link;
  }

  /** The oldest value, taken out; undefined where there is none. */
  shift(): T | undefined {
    const link = this.#head;
    if (!link) return undefined;
    this.#head = link.next;
    if (!link.next) this.#tail = undefined;
    return link.value;
  }
}
