/** What is not told but looked at, whenever somebody asks for the metrics: queues, instances, threads, the process. */
import { displayName } from '../model/channel.ts';
import type { ExecutorFigures, LoopDelay } from '../model/figures.ts';
import { takeLoopDelay } from './loop-delay.ts';
import type { Metrics } from './metrics.ts';

const millis = 1000;

/** Where to look. The wiring gives what the stages have. */
export interface Observed {
  channels(): readonly {
    readonly name: string;
    readonly concurrency: number;
    readonly waiting: number;
    readonly running: number;
  }[];
  /** Jobs that wait in the store alone. */
  storedJobs(): number;
  instances(): Promise<ExecutorFigures | undefined>;
  logLinesDropped(): number;
}

/** Looks, and sets the gauges. */
export async function look(metrics: Metrics, observed: Observed): Promise<void> {
  lookAtProcess(metrics);
  lookAtChannels(metrics, observed.channels());
  metrics.stored.of().value = observed.storedJobs();
  metrics.logDropped.of().value = observed.logLinesDropped();
  metrics.loopDelay.clear();
  setDelay(metrics, 'main', takeLoopDelay());
  const seen = await observed.instances();
  if (!seen) return;
  const { instances, counts, threads, loopDelays } = seen;
  for (const state of ['busy', 'kept', 'idle'] as const) metrics.instances.of(state).value = instances[state];
  metrics.instanceMemory.of().value = seen.memoryBytes;
  metrics.instancesMade.of().value = counts.made;
  metrics.instanceResets.of().value = counts.reset;
  for (const why of ['lost', 'unfit', 'unused', 'released'] as const)
    metrics.instancesDropped.of(why).value = counts[why];
  for (const state of ['answering', 'silent'] as const) metrics.threads.of(state).value = threads[state];
  metrics.threadsLost.of().value = seen.threadsLost;
  for (const [index, delay] of loopDelays.entries()) setDelay(metrics, String(index), delay);
}

function lookAtProcess(metrics: Metrics): void {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  metrics.residentBytes.of().value = rss;
  metrics.heapBytes.of().value = heapUsed;
  metrics.processCpu.of().value = (user + system) / 1e6;
  metrics.startTime.of().value = Math.floor(Date.now() / millis - process.uptime());
}

function lookAtChannels(metrics: Metrics, channels: ReturnType<Observed['channels']>): void {
  for (const gauge of [metrics.waiting, metrics.running, metrics.concurrency]) gauge.clear();
  for (const { name, waiting, running, concurrency } of channels) {
    const channel = displayName(name);
    metrics.waiting.of(channel).value = waiting;
    metrics.running.of(channel).value = running;
    metrics.concurrency.of(channel).value = concurrency;
  }
}

function setDelay(metrics: Metrics, thread: string, { p50, p99, max }: LoopDelay): void {
  for (const [quantile, delay] of [
    ['0.5', p50],
    ['0.99', p99],
    ['1', max],
  ] as const)
    metrics.loopDelay.of(thread, quantile).value = delay / millis;
}
