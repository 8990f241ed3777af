/** One hostile job: what it is, and what came of it. Data, so that adding a case adds no code. */
import { isAbsolute } from 'node:path';
import { BulkheadError, type ErrorCode, type ErrorWire } from '../../runtime/errors.ts';
import type { PluginInstance } from '../../runtime/executor/executor.ts';
import type { MethodCall } from '../../runtime/model/call.ts';
import { testPlugin } from '../support/artifacts.ts';
import { pause } from './neighbour.ts';

/** How a job is run. */
export interface Attack {
  /** A folder of `test/plugins/hostile`, or of `test/plugins` with `../` before it, or the absolute path of a file. */
  readonly plugin: string;
  readonly args?: string;
  readonly settings?: string;
  /** `run` where nothing is said. `feed` streams, and feeds {@link Attack.fed} chunks meanwhile. */
  readonly how?: 'run' | 'stream' | 'feed';
  /** Milliseconds until the job is ended. Nothing said: 300. */
  readonly deadline?: number;
  /** The reader goes away after so many chunks. */
  readonly leaveAfter?: number;
  /** How many chunks are fed; the last one is said to be. */
  readonly fed?: number;
}

/** What must come of it. */
export interface Outcome {
  /** Nothing said: the job succeeds. */
  readonly code?: ErrorCode;
  /** What the error says. */
  readonly message?: RegExp;
  /** What the job answers, as text: the result, or all chunks one after the other. */
  readonly output?: string | RegExp;
  readonly chunks?: number;
  /** Names of the metadata that come back, sorted. */
  readonly metadata?: readonly string[];
  /** How many chunks of the feed found their place before it was refused. */
  readonly taken?: number;
}

/** What came of it. */
export interface Result {
  readonly error: ErrorWire | undefined;
  readonly output: string;
  readonly chunks: number;
  readonly metadata: readonly string[];
  readonly taken: number;
  readonly tookMs: number;
}

/** The file of a plugin as {@link Attack.plugin} names it. */
export function hostilePlugin(name: string): string {
  if (isAbsolute(name)) return name;
  return testPlugin(name.startsWith('../') ? name.slice(3) : `hostile/${name}`);
}

let lastJob = 0n;

function callOf({ args = '' }: Attack, deadline: number): MethodCall {
  const job = { jobId: ++lastJob, workerName: 'attacker', attempt: 1, deadline: Date.now() + deadline };
  return { job, using: 'run', args: Buffer.from(args), metadata: {} };
}

/** Runs the job as dispatch does: the deadline goes with the call, and ends it from outside as well. */
export async function commit(attack: Attack, instance: PluginInstance): Promise<Result> {
  const { deadline = 300 } = attack;
  const start = performance.now();
  const stop = new AbortController();
  const late = new BulkheadError('deadline-exceeded', 'the job did not end before its deadline');
  const timer = setTimeout(() => stop.abort(late), deadline);
  try {
    const call = callOf(attack, deadline);
    const result = await ((attack.how ?? 'run') === 'run'
      ? runToEnd(instance, call, stop.signal)
      : streamToEnd(instance, call, stop.signal, attack));
    return { ...result, tookMs: performance.now() - start };
  } finally {
    clearTimeout(timer);
  }
}

type Untimed = Omit<Result, 'tookMs'>;

async function runToEnd(instance: PluginInstance, call: MethodCall, signal: AbortSignal): Promise<Untimed> {
  const outcome = await instance.run(call, { signal });
  const metadata = Object.keys(outcome.metadata).sort();
  if (!outcome.ok) return { error: outcome.error, output: '', chunks: 0, metadata, taken: 0 };
  return { error: undefined, output: Buffer.from(outcome.output).toString(), chunks: 0, metadata, taken: 0 };
}

async function streamToEnd(
  instance: PluginInstance,
  call: MethodCall,
  signal: AbortSignal,
  { how, fed = 1, leaveAfter = Number.POSITIVE_INFINITY }: Attack,
): Promise<Untimed> {
  const stream = instance.stream(call, { signal });
  let output = '';
  let chunks = 0;
  const feeding = how === 'feed' ? feedAll(instance, fed) : 0;
  for await (const chunk of stream) {
    output += Buffer.from(chunk).toString();
    if (++chunks >= leaveAfter) break;
  }
  const end = await stream.end;
  const taken = await feeding;
  return { error: end.ok ? undefined : end.error, output, chunks, metadata: Object.keys(end.metadata), taken };
}

/** Answers how many chunks found their place. */
async function feedAll(instance: PluginInstance, count: number): Promise<number> {
  await pause(50);
  for (let chunk = 1; chunk <= count; chunk++) {
    try {
      await instance.feed(Buffer.from(`chunk ${chunk}`), chunk === count);
    } catch {
      return chunk - 1;
    }
  }
  return count;
}
