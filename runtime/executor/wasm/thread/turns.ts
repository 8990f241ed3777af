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

/** How long whole pieces of work may take between two turns of the event loop, in milliseconds; the last may pass it. */
const rationMs = 5;
const pieces: (() => void)[] = [];
let spentMs = 0;
let refilling = false;

function refill(): void {
  spentMs = 0;
  while (spentMs < rationMs && pieces.length > 0) pieces.shift()?.();
  refilling = pieces.length > 0 || spentMs > 0;
  if (refilling) setImmediate(refill);
}

/**
 * Does work that cannot be interrupted (an instance is made): at once where the event loop turned a moment ago, and
 * else after it has turned again. A burst of such work therefore holds up nobody for long. Fails as the work does.
 */
export function inTurn<T>(work: () => T): T | Promise<T> {
  const timed = (): T => {
    const began = performance.now();
    try {
      return work();
    } finally {
      spentMs += performance.now() - began;
    }
  };
  if (!refilling) {
    refilling = true;
    setImmediate(refill);
  }
  if (spentMs < rationMs && pieces.length === 0) return timed();
  return new Promise((resolve) => {
    pieces.push(() => resolve(Promise.try(timed)));
  });
}
