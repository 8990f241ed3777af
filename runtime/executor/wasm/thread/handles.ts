/**
 * The resource handles of one instance: how many it holds, and the glue's tables that they stand in.
 *
 * Which numbers are free is state that a plugin can see, so the tables are put back with the rest. That undoes handles
 * which carry no state; any other is a thing of the host's, which nothing can put back.
 */

/** What the glue finds under these names, and fills: by table. */
export interface HandleTools {
  /** The numbers of handles: which are free, and what the others stand for. */
  readonly $handles: number[][];
  /** What the tables' numbers stand for. */
  readonly $resources: Map<number, object>[];
}

export class Handles {
  readonly tools: HandleTools = { $handles: [], $resources: [] };
  #count = 0;
  #stateless = 0;

  /** All that the plugin holds. */
  get count(): number {
    return this.#count;
  }

  /** Those that stand in the way of putting the state back. */
  get obstacles(): number {
    return this.#count - this.#stateless;
  }

  /** One was handed over (1), or dropped (-1). */
  change(by: 1 | -1, carries?: 'no state'): void {
    this.#count += by;
    if (carries === 'no state') this.#stateless += by;
  }

  /** Keeps the tables as they are; the answer puts them back, to be called where there are no {@link obstacles}. */
  keep(): () => void {
    const { $handles, $resources } = this.tools;
    const numbers = $handles.map((table) => [...table]);
    const resources = $resources.map((table) => [...table]);
    const count = this.#count;
    return () => {
      for (const [at, table] of $handles.entries()) table?.splice(0, table.length, ...(numbers[at] ?? []));
      for (const [at, table] of $resources.entries()) {
        table?.clear();
        for (const [number, resource] of resources[at] ?? []) table?.set(number, resource);
      }
      this.#count = count;
      this.#stateless = count;
    };
  }
}
