/**
 * Turns for instances that compute: one at a time, and the thread's event loop between any two of them.
 *
 * Messages (a cancel, a new job), timers and finished I/O are served after each turn, however many wait for one.
 */
const waiting: (() => void)[] = [];
let scheduled = false;

function serve(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(serve);
  else scheduled = false;
}

/** Resolves when it is the caller's turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (scheduled) return;
    scheduled = true;
    setImmediate(serve);
  });
}
