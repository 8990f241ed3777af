/** Counts what the stages tell. On the way of every job: a few look-ups and additions, nothing else. */
import type { CallOutcome } from '../model/call.ts';
import { displayName } from '../model/channel.ts';
import type { Job } from '../model/job.ts';
import type { CallStart, CallWatch, EngineEvents, RunEnd, RunStart } from './events.ts';
import { Names } from './exposition.ts';
import type { Metrics } from './metrics.ts';

/** Channels are set by the operator, but may be many. */
const mostChannels = 1000;
const millis = 1000;

function codeOf(outcome: CallOutcome): string {
  return outcome.ok ? 'ok' : outcome.error.code;
}

export class EngineMetrics implements EngineEvents {
  readonly #metrics: Metrics;
  readonly #workers: Names;
  readonly #channels = new Names(mostChannels);

  /** `workers`: how many have series of their own. */
  constructor(metrics: Metrics, workers: number) {
    this.#metrics = metrics;
    this.#workers = new Names(workers);
  }

  jobQueued({ channel }: Job): void {
    this.#metrics.jobsQueued.of(this.#channel(channel)).value++;
  }

  runStarted({ channel }: Job, { readyAt, startedAt }: RunStart): void {
    this.#metrics.wait.of(this.#channel(channel)).observe(Math.max(0, startedAt - readyAt) / millis);
  }

  runEnded({ workerName }: Job, { outcome, chunks, startedAt, endedAt }: RunEnd): void {
    const worker = this.#workers.of(workerName);
    this.#metrics.run.of(worker).observe(Math.max(0, endedAt - startedAt) / millis);
    if (chunks > 0) this.#metrics.chunks.of(worker).value += chunks;
    if (!outcome.usage) return;
    this.#metrics.cpuSeconds.of(worker).value += outcome.usage.cpuMs / millis;
    this.#metrics.cpuTicks.of(worker).value += outcome.usage.ticks;
  }

  retryScheduled({ workerName }: Job, { error }: { readonly error: { readonly code: string } }): void {
    this.#metrics.retries.of(this.#workers.of(workerName), error.code).value++;
  }

  jobEnded({ workerName }: Job, outcome: CallOutcome): void {
    this.#metrics.jobsEnded.of(this.#workers.of(workerName), codeOf(outcome)).value++;
  }

  callStarted({ method }: CallStart): CallWatch {
    const began = performance.now();
    const open = this.#metrics.callsOpen.of(method);
    open.value++;
    return {
      ended: (status) => {
        open.value--;
        this.#metrics.calls.of(method, status).value++;
        this.#metrics.callSeconds.of(method).observe((performance.now() - began) / millis);
      },
    };
  }

  #channel(channel: string): string {
    return this.#channels.of(displayName(channel));
  }
}
