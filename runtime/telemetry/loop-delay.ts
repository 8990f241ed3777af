/** Measures how late the event loop of the thread at hand is. It costs a timer, so it begins with the first question. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { LoopDelay } from '../model/figures.ts';

/** Between two samples, in milliseconds; what a sample is later than that is the delay. */
const resolution = 10;
const nanosInMilli = 1e6;

let histogram: ReturnType<typeof monitorEventLoopDelay> | undefined;

/** The delays since the last call; zeros with the first. */
export function takeLoopDelay(): LoopDelay {
  if (!histogram) {
    histogram = monitorEventLoopDelay({ resolution });
    histogram.enable();
  }
  const late = (nanos: number): number => Math.max(0, nanos / nanosInMilli - resolution);
  const delay = { p50: late(histogram.percentile(50)), p99: late(histogram.percentile(99)), max: late(histogram.max) };
  histogram.reset();
  return delay;
}
