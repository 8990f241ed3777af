/** Makes plugin threads hang for good, as a call of the host would that never returns. */
import { Session } from 'node:inspector';

/** In the thread's own event loop: a loop that the debugger itself runs cannot be terminated. */
const hang = 'setTimeout(() => { globalThis.hangs = true; for (;;); })';

/** Runs an endless loop in every worker thread of this process, by the debugger's door: no plugin can do that. */
export async function hangThreads(): Promise<void> {
  const session = new Session();
  session.connect();
  const threads = new Set<string>();
  const hung = new Set<string>();
  session.on('NodeWorker.attachedToWorker', ({ params }) => threads.add(params.sessionId));
  session.on('NodeWorker.detachedFromWorker', ({ params }) => threads.delete(params.sessionId));
  // The debugger is answered inside of the loop, too.
  session.on('NodeWorker.receivedMessageFromWorker', ({ params: { sessionId, message } }) => {
    if (/"value":true/.test(message)) hung.add(sessionId);
  });
  await new Promise<void>((resolve, reject) => {
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, (error) =>
      error ? reject(error) : resolve(),
    );
  });
  if (threads.size === 0) throw new Error('there is no thread to hang');
  const evaluate = (expression: string): void => {
    const message = JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } });
    for (const sessionId of threads) session.post('NodeWorker.sendMessageToWorker', { sessionId, message });
  };
  evaluate(hang);
  while ([...threads].some((thread) => !hung.has(thread))) {
    evaluate('globalThis.hangs');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  session.disconnect();
}
