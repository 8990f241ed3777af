/** A first-in, first-out list: ends cost the same however long it is, and whatever is in it can be taken out. */

/** A place in a line. */
export interface Place<T> {
  readonly value: T;
  next: Place<T> | undefined;
  previous: Place<T> | undefined;
}

export class Line<T> {
  #head: Place<T> | undefined;
  #tail: Place<T> | undefined;

  get isEmpty(): boolean {
    return this.#head === undefined;
  }

  push(value: T): Place<T> {
    const place: Place<T> = { value, next: undefined, previous: this.#tail };
    if (this.#tail) this.#tail.next = place;
    else this.#head = place;
    this.#tail = place;
    return place;
  }

  /** The oldest value, taken out; undefined where there is none. */
  shift(): T | undefined {
    const place = this.#head;
    if (!place) return undefined;
    this.remove(place);
    return place.value;
  }

  /** Takes out a value that is in this line. */
  remove(place: Place<T>): void {
    if (place.previous) place.previous.next = place.next;
    else this.#head = place.next;
    if (place.next) place.next.previous = place.previous;
    else this.#tail = place.previous;
    place.next = undefined;
    place.previous = undefined;
  }
}
