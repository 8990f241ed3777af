/**
 * All metrics of the server, by name: what the README's table lists. Durations are in seconds, as Prometheus has them.
 *
 * Counters are counted as things happen ({@link engine-metrics.ts}); gauges are looked at when somebody asks
 * ({@link observed.ts}).
 */
import { Histogram, type MetricFacts, Numbers } from './exposition.ts';

/** From a tenth of a millisecond to five minutes. */
const durations = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

function counter(name: string, about: string, ...labels: string[]): Numbers {
  return new Numbers({ name, type: 'counter', about, labels });
}

function gauge(name: string, about: string, ...labels: string[]): Numbers {
  return new Numbers({ name, type: 'gauge', about, labels });
}

function histogram(name: string, about: string, ...labels: string[]): Histogram {
  return new Histogram({ name, about, labels }, durations);
}

/** One server's metrics. */
export class Metrics {
  readonly info = gauge('bulkhead_info', 'Always 1; the labels say what runs.', 'version', 'node');
  readonly jobsQueued = counter('bulkhead_jobs_queued_total', 'Jobs that the queue took.', 'channel');
  readonly jobsEnded = counter(
    'bulkhead_jobs_ended_total',
    'Jobs that have their result, by its code; `ok` where they succeeded.',
    'worker',
    'code',
  );
  readonly retries = counter(
    'bulkhead_job_retries_total',
    'Runs that failed and are followed by another.',
    'worker',
    'code',
  );
  readonly wait = histogram('bulkhead_job_wait_seconds', 'From when a job could have begun to when it did.', 'channel');
  readonly run = histogram('bulkhead_job_run_seconds', 'How long a run took.', 'worker');
  readonly cpuSeconds = counter('bulkhead_job_cpu_seconds_total', 'CPU time of plugins.', 'worker');
  readonly cpuTicks = counter('bulkhead_job_cpu_ticks_total', 'Units of computing of plugins.', 'worker');
  readonly chunks = counter('bulkhead_stream_chunks_total', 'Chunks that plugins streamed.', 'worker');
  readonly waiting = gauge('bulkhead_queue_waiting', 'Jobs that wait in memory.', 'channel');
  readonly stored = gauge('bulkhead_queue_stored', 'Jobs that wait in the store alone, all channels together.');
  readonly running = gauge('bulkhead_queue_running', 'Jobs that run.', 'channel');
  readonly concurrency = gauge('bulkhead_queue_concurrency', 'Jobs that may run at a time.', 'channel');
  readonly calls = counter('bulkhead_grpc_calls_total', 'gRPC calls that ended.', 'method', 'status');
  readonly callSeconds = histogram(
    'bulkhead_grpc_call_seconds',
    'How long a call took, waiting for a DIRECT job included.',
    'method',
  );
  readonly callsOpen = gauge('bulkhead_grpc_calls_open', 'gRPC calls under way.', 'method');
  readonly instances = gauge(
    'bulkhead_instances',
    'Instances that serve a job (busy), wait for their worker (kept) or for any job (idle).',
    'state',
  );
  readonly instanceMemory = gauge('bulkhead_instance_memory_bytes', 'Memories and tables of all instances.');
  readonly instancesMade = counter(
    'bulkhead_instances_made_total',
    'Instances that were made because none was there to be used again.',
  );
  readonly instanceResets = counter(
    'bulkhead_instance_resets_total',
    'Instances that were put back to the state after load().',
  );
  readonly instancesDropped = counter(
    'bulkhead_instances_dropped_total',
    'Instances that were thrown away: lost (panic, trap, cap, cancel), unfit (could not be put back), unused, released (with their worker).',
    'why',
  );
  readonly threads = gauge(
    'bulkhead_plugin_threads',
    'Threads that run plugins; the silent ones did not answer at once.',
    'state',
  );
  readonly threadsLost = counter(
    'bulkhead_plugin_threads_lost_total',
    'Threads that were lost, with all that ran there.',
  );
  readonly loopDelay = gauge(
    'bulkhead_event_loop_delay_seconds',
    'How late event loops were since the last look: the main thread, and those that run plugins by number.',
    'thread',
    'quantile',
  );
  readonly logDropped = counter('bulkhead_log_lines_dropped_total', 'Lines of plugins that were left out of the log.');
  readonly residentBytes = gauge('process_resident_memory_bytes', 'Memory of the process.');
  readonly heapBytes = gauge('nodejs_heap_size_used_bytes', "The main thread's JavaScript heap.");
  readonly processCpu = counter('process_cpu_seconds_total', 'CPU time of the process.');
  readonly startTime = gauge('process_start_time_seconds', 'When the process began, in seconds since 1970.');

  /** All of them, in the order of the table. */
  get all(): readonly (Numbers | Histogram)[] {
    return Object.values(this).filter((each) => each instanceof Numbers || each instanceof Histogram);
  }

  /** What each is. */
  facts(): readonly MetricFacts[] {
    return this.all.map(({ name, type, about, labels }) => ({ name, type, about, labels }));
  }

  /** The text that Prometheus reads. */
  text(): string {
    return this.all.map((family) => family.text()).join('');
  }
}
