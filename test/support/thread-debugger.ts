/** What tests do to the plugin threads of their process, by the debugger's door: no plugin, and no message, can. */
import { Session } from 'node:inspector';

/** In the thread's own event loop: a loop that the debugger itself runs cannot be terminated. */
const hang = 'setTimeout(() => { globalThis.hangs = true; for (;;); })';

class ThreadDebugger {
  readonly #session = new Session();
  readonly #threads = new Set<string>();
  /** Who waits for an answer, by thread and number. */
  readonly #waiting = new Map<string, (result: unknown) => void>();
  #last = 0;

  /** Every worker thread that the process has now. */
  async attach(): Promise<void> {
    this.#session.connect();
    this.#session.on('NodeWorker.attachedToWorker', ({ params }) => this.#threads.add(params.sessionId));
    this.#session.on('NodeWorker.detachedFromWorker', ({ params }) => this.#left(params.sessionId));
    this.#session.on('NodeWorker.receivedMessageFromWorker', ({ params: { sessionId, message } }) => {
      const { id, result } = JSON.parse(message) as { id?: number; result?: unknown };
      this.#waiting.get(`${sessionId}/${id}`)?.(result);
    });
    const options = { waitForDebuggerOnStart: false };
    await new Promise<void>((resolve, reject) => {
      this.#session.post('NodeWorker.enable', options, (error) => (error ? reject(error) : resolve()));
    });
    if (this.#threads.size === 0) throw new Error('the process has no worker thread');
  }

  /** Asks each thread, and waits for all answers; undefined of one that ends meanwhile. */
  ask(method: string, params: object = {}): Promise<unknown[]> {
    const id = ++this.#last;
    const message = JSON.stringify({ id, method, params });
    const asked = [...this.#threads].map(async (sessionId) => {
      const answer = new Promise((resolve) => this.#waiting.set(`${sessionId}/${id}`, resolve));
      this.#session.post('NodeWorker.sendMessageToWorker', { sessionId, message });
      return answer.finally(() => this.#waiting.delete(`${sessionId}/${id}`));
    });
    return Promise.all(asked);
  }

  close(): void {
    this.#session.disconnect();
  }

  #left(thread: string): void {
    this.#threads.delete(thread);
    for (const [key, resolve] of this.#waiting) if (key.startsWith(`${thread}/`)) resolve(undefined);
  }
}

/** Makes every worker thread hang for good, as a call of the host would that never returns. */
export async function hangThreads(): Promise<void> {
  const threads = new ThreadDebugger();
  await threads.attach();
  await threads.ask('Runtime.evaluate', { expression: hang });
  // The debugger is answered inside of the loop, too.
  let hung: unknown[];
  do {
    await new Promise((resolve) => setTimeout(resolve, 20));
    hung = await threads.ask('Runtime.evaluate', { expression: 'globalThis.hangs' });
  } while (hung.some((answer) => answer !== undefined && !/"value":true/.test(JSON.stringify(answer))));
  threads.close();
}

/** Collects the garbage of every worker thread. */
export async function collectInThreads(): Promise<void> {
  const threads = new ThreadDebugger();
  await threads.attach();
  await threads.ask('HeapProfiler.collectGarbage');
  threads.close();
}
