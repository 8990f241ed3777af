/** Timeouts of any length: `setTimeout` alone counts to 24 days. */

export interface Timer {
  cancel(): void;
}

/** The longest that `setTimeout` can count. */
const longestTimeout = 2 ** 31 - 1;

/** Calls back once, so many milliseconds from now. */
export function startTimer(ms: number, done: () => void): Timer {
  if (ms <= longestTimeout) {
    const handle = setTimeout(done, ms);
    return { cancel: () => clearTimeout(handle) };
  }
  let rest: Timer | undefined;
  const handle = setTimeout(() => {
    rest = startTimer(ms - longestTimeout, done);
  }, longestTimeout);
  return {
    cancel: () => {
      clearTimeout(handle);
      rest?.cancel();
    },
  };
}
