/**
 * Spans of calls and jobs, sent by OTLP over HTTP: `receive` (the gRPC call), `queue` (the wait), `run`, and below it
 * what the instance did (`make`, `load`, `call`, `reset`).
 *
 * A job carries its trace in its metadata, as the `traceparent` of the call that submitted it, so that it goes on
 * after a restart, and the plugin sees it as any header. Only the spans of calls are open while something happens;
 * those of a run are made when it is over, from its times. What is not sampled costs a look at the header.
 */
import {
  type Attributes,
  type Context,
  diag,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { displayName } from '../model/channel.ts';
import type { Job } from '../model/job.ts';
import { parseTraceparent, type TraceParent, traceOf } from '../model/trace.ts';
import { type CallStart, type CallWatch, type EngineEvents, type LogSink, noEvents, type RunEnd } from './events.ts';

export interface TracingOptions {
  /** The whole URL that spans are sent to. */
  readonly endpoint: string;
  /** Of so many traces that begin here, one is recorded; of others, those that are recorded where they began. */
  readonly oneIn?: number;
  /** Name of this service. */
  readonly service?: string;
}

export interface Traces {
  readonly events: EngineEvents;
  /** Sends what waits, within {@link flushWithin}. */
  close(): Promise<void>;
}

/** Spans that wait to be sent; what is above is left out, and the log says so. */
const mostWaiting = 16_384;
const mostAtOnce = 2048;
const sendEvery = 1000;
/** Milliseconds; a collector that is gone must not hold up the end. */
const flushWithin = 3000;
/** How long one batch is tried, in milliseconds. */
const sendWithin = 2500;
/** The log has at most one line of the exporter's in so many milliseconds. */
const complainEvery = 10_000;
/** Calls of balancers and tools: their spans would hide all others. */
const untraced = /^grpc\.(?:health|reflection)\./;

/** Begins to take and send spans. */
export function startTraces(
  { endpoint, oneIn = 1, service = 'bulkhead' }: TracingOptions,
  version: string,
  log: LogSink,
): Traces {
  complainBy(log, endpoint);
  const exporter = new OTLPTraceExporter({ url: endpoint, timeoutMillis: sendWithin });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.version': version }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(1 / oneIn) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: mostWaiting,
        maxExportBatchSize: mostAtOnce,
        scheduledDelayMillis: sendEvery,
      }),
    ],
  });
  return {
    events: new EngineTraces(provider.getTracer('bulkhead', version)),
    close: async () => {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, flushWithin);
      const sent = provider.shutdown().catch((error: unknown) => {
        log({ level: 'warn', message: 'the last spans could not be sent', fields: { endpoint, error } });
      });
      await Promise.race([sent, late.promise]);
      clearTimeout(timer);
    },
  };
}

/** What the SDK has to say becomes lines of our log, few of them. */
function complainBy(log: LogSink, endpoint: string): void {
  let last = Number.NEGATIVE_INFINITY;
  let untold = 0;
  const complain = (message: string): void => {
    const now = performance.now();
    untold++;
    if (now - last < complainEvery) return;
    log({
      level: 'warn',
      message: 'spans are not sent',
      fields: { endpoint, times: untold, error: message.slice(0, 500) },
    });
    last = now;
    untold = 0;
  };
  const quiet = (): void => undefined;
  diag.setLogger(
    { error: complain, warn: complain, info: quiet, debug: quiet, verbose: quiet },
    { suppressOverrideMessage: true },
  );
}

function contextOf(parent: TraceParent | undefined): Context {
  if (!parent) return ROOT_CONTEXT;
  const { traceId, spanId, sampled } = parent;
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

function headerOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

class EngineTraces implements EngineEvents {
  readonly #tracer: Tracer;
  readonly jobQueued = noEvents.jobQueued;
  readonly runStarted = noEvents.runStarted;
  readonly retryScheduled = noEvents.retryScheduled;
  readonly jobEnded = noEvents.jobEnded;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  callStarted({ method, traceparent }: CallStart): CallWatch | undefined {
    if (untraced.test(method)) return undefined;
    const [service, name] = method.split('/');
    const attributes = { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': name };
    const options = { kind: SpanKind.SERVER, attributes };
    const span = this.#tracer.startSpan(method, options, contextOf(parseTraceparent(traceparent)));
    return {
      traceparent: headerOf(span),
      ended: (status) => {
        span.setAttribute('rpc.grpc.status', status);
        if (status !== 'OK') span.setStatus({ code: SpanStatusCode.ERROR, message: status });
        span.end();
      },
    };
  }

  runEnded(job: Job, run: RunEnd): void {
    const parent = traceOf(job.metadata);
    if (parent && !parent.sampled) return;
    const { outcome, readyAt, startedAt, endedAt } = run;
    const attributes = attributesOf(job, run);
    const context = contextOf(parent);
    const span = this.#tracer.startSpan('run', { kind: SpanKind.CONSUMER, startTime: startedAt, attributes }, context);
    if (!outcome.ok) span.setStatus({ code: SpanStatusCode.ERROR, message: outcome.error.message.slice(0, 1024) });
    const below = trace.setSpan(context, span);
    // A periodic job has no call to belong to: its run is the root.
    if (span.isRecording())
      this.#add('queue', readyAt, startedAt, { 'bulkhead.job': String(job.id) }, parent ? context : below);
    for (const { name, at, ms } of outcome.usage?.phases ?? []) this.#add(name, at, at + ms, {}, below);
    span.end(endedAt);
  }

  #add(name: string, from: number, to: number, attributes: Attributes, context: Context): void {
    this.#tracer.startSpan(name, { startTime: from, attributes }, context).end(Math.max(from, to));
  }
}

function attributesOf(job: Job, { outcome, chunks }: RunEnd): Attributes {
  const { usage } = outcome;
  return {
    'bulkhead.job': String(job.id),
    'bulkhead.worker': job.workerName,
    'bulkhead.method': job.method,
    'bulkhead.channel': displayName(job.channel),
    'bulkhead.attempt': job.attempt,
    'bulkhead.outcome': outcome.ok ? 'ok' : outcome.error.code,
    ...(job.caller !== undefined && { 'bulkhead.caller': job.caller }),
    ...(chunks > 0 && { 'bulkhead.chunks': chunks }),
    ...(usage && { 'bulkhead.cpu_ms': usage.cpuMs, 'bulkhead.cpu_ticks': usage.ticks }),
  };
}
