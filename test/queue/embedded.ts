/** An embedded queue with a store of its own. */
import { EmbeddedQueue, type EmbeddedQueueParts } from '../../runtime/queue/embedded.ts';
import { SqliteStore } from '../../runtime/store/sqlite.ts';

/** `database`: a file, to see what survives. */
export function embeddedQueue(
  options: Partial<EmbeddedQueueParts> = {},
  database = ':memory:',
): { readonly queue: EmbeddedQueue; readonly store: SqliteStore } {
  const store = new SqliteStore(database);
  return { queue: new EmbeddedQueue({ store: store.jobs, log: () => {}, ...options }), store };
}
