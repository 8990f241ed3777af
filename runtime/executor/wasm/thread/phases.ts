/** Times the parts of a call, for traces. A call that belongs to none is not timed. */
import type { JobContext, Phase } from '../../../model/call.ts';

export class Phases {
  readonly list: Phase[] = [];

  static of({ trace }: JobContext): Phases | undefined {
    return trace === undefined ? undefined : new Phases();
  }

  /** A part that began at that time of `performance.now()` and is over. */
  add(name: Phase['name'], began: number): void {
    this.list.push({ name, at: performance.timeOrigin + began, ms: performance.now() - began });
  }

  async time<T>(name: Phase['name'], use: () => Promise<T>): Promise<T> {
    const began = performance.now();
    try {
      return await use();
    } finally {
      this.add(name, began);
    }
  }
}
