/**
 * Who watches: metrics and traces, as the operator asks for them. Where he asks for neither, nothing is loaded,
 * nothing listens, and what the stages tell goes nowhere.
 */
import { type CallStart, type CallWatch, type EngineEvents, type LogSink, noEvents } from './events.ts';
import type { MetricsAddress } from './metrics-server.ts';
import type { Observed } from './observed.ts';
import type { TracingOptions } from './traces.ts';

export interface TelemetryOptions {
  readonly metrics?: MetricsAddress & {
    /** How many workers have series of their own. Default: 100. */
    readonly workers?: number;
  };
  readonly tracing?: TracingOptions;
  readonly version?: string;
  readonly log: LogSink;
}

export interface Telemetry {
  /** For the stages to tell. */
  readonly events: EngineEvents;
  /** Whether anybody listens: what is only done for them may be left out. */
  readonly isWatching: boolean;
  /** Serves the metrics; answers the port. Undefined where none are asked for. Throws `config-invalid`. */
  serve(observed: Observed): Promise<number | undefined>;
  /** Sends what is still to be sent, within some seconds, and ends. */
  close(): Promise<void>;
}

/** Gets ready. What is not asked for is not even loaded. */
export async function startTelemetry({
  metrics,
  tracing,
  version = 'unknown',
  log,
}: TelemetryOptions): Promise<Telemetry> {
  const listeners: EngineEvents[] = [];
  const closing: (() => Promise<void>)[] = [];
  let serve: Telemetry['serve'] = async () => undefined;
  if (metrics) {
    const [{ Metrics }, { EngineMetrics }] = await Promise.all([import('./metrics.ts'), import('./engine-metrics.ts')]);
    const all = new Metrics();
    all.info.of(version, process.version).value = 1;
    listeners.push(new EngineMetrics(all, metrics.workers ?? 100));
    serve = async (observed) => {
      const [{ serveMetrics }, { look }] = await Promise.all([import('./metrics-server.ts'), import('./observed.ts')]);
      // Who asks while others wait for the same look gets that one: its delays are reset by looking.
      let looking: Promise<string> | undefined;
      const text = (): Promise<string> => {
        looking ??= look(all, observed)
          .then(() => all.text())
          .finally(() => {
            looking = undefined;
          });
        return looking;
      };
      const server = await serveMetrics(metrics, text);
      closing.push(() => server.close());
      return server.port;
    };
  }
  if (tracing) {
    const { startTraces } = await import('./traces.ts');
    const traces = startTraces(tracing, version, log);
    listeners.push(traces.events);
    closing.push(() => traces.close());
  }
  return {
    events: toAll(listeners),
    isWatching: listeners.length > 0,
    serve: (observed) => serve(observed),
    close: async () => {
      for (const close of closing) await close();
    },
  };
}

/** One who tells all of them. */
function toAll(listeners: readonly EngineEvents[]): EngineEvents {
  const [first, ...rest] = listeners;
  if (!first) return noEvents;
  if (rest.length === 0) return first;
  return {
    jobQueued: (job) => {
      for (const listener of listeners) listener.jobQueued(job);
    },
    runStarted: (job, start) => {
      for (const listener of listeners) listener.runStarted(job, start);
    },
    runEnded: (job, run) => {
      for (const listener of listeners) listener.runEnded(job, run);
    },
    retryScheduled: (job, retry) => {
      for (const listener of listeners) listener.retryScheduled(job, retry);
    },
    jobEnded: (job, outcome) => {
      for (const listener of listeners) listener.jobEnded(job, outcome);
    },
    callStarted: (call) => watchAll(listeners, call),
  };
}

function watchAll(listeners: readonly EngineEvents[], call: CallStart): CallWatch | undefined {
  const watches = listeners.flatMap((listener) => listener.callStarted(call) ?? []);
  const traceparent = watches.find((watch) => watch.traceparent !== undefined)?.traceparent;
  return {
    ...(traceparent !== undefined && { traceparent }),
    ended: (status) => {
      for (const watch of watches) watch.ended(status);
    },
  };
}
