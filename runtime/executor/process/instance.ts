/**
 * A plugin instance as dispatch sees it: a slot that has a process. A kept one has the same process for call after call;
 * any other has a fresh one for each. A process that ended, or whose call was cancelled, is never called again.
 */
import { BulkheadError, overLimit } from '../../errors.ts';
import { checkAnswer } from '../../model/answer-caps.ts';
import type { CallOutcome, MethodCall, StreamEnd } from '../../model/call.ts';
import type { Limits } from '../../model/limits.ts';
import type { Call, StreamResponse } from '../../model/messages.gen.ts';
import { methodFor } from '../../model/method.ts';
import { outputStream, type StreamTold } from '../call-parts.ts';
import type { CallOptions, InstanceSpec, OutputStream, PluginInstance } from '../executor.ts';
import { isStatus } from './connection.ts';
import { failureOf } from './ending.ts';
import { FeedWriter } from './feed-writer.ts';
import type { PluginProcess } from './plugin-process.ts';
import { Turn } from './turn.ts';

/** Gives a slot its processes. */
export interface ProcessSource {
  readonly limits: Limits;
  /** A process that is loaded with the worker's settings. Throws why there is none. */
  start(signal: AbortSignal): Promise<PluginProcess>;
  /** The slot is given up. */
  release(): void;
}

/** Why no state is put back between jobs. */
export const obstacles: readonly string[] = ['a process is not put back: each job gets a fresh one'];

const nothing = new Uint8Array();

function messageOf({ job, using, args, metadata }: MethodCall, feeds: boolean): Call {
  return {
    args,
    metadata,
    ...(using !== undefined && { using }),
    job_id: job.jobId,
    worker_name: job.workerName,
    attempt: job.attempt,
    ...(job.deadline !== undefined && { deadline: BigInt(Math.round(job.deadline)) }),
    feeds,
  };
}

export class ProcessInstance implements PluginInstance {
  readonly obstacles = obstacles;
  readonly #spec: InstanceSpec;
  readonly #source: ProcessSource;
  #process: PluginProcess | undefined;
  #turn: Turn | undefined;
  /** Processes that are ending. One may, while the next one serves. */
  readonly #leaving = new Set<Promise<void>>();
  #disposed = false;

  constructor(spec: InstanceSpec, source: ProcessSource) {
    this.#spec = spec;
    this.#source = source;
  }

  async load(): Promise<void> {
    const turn = this.#open();
    try {
      await this.#ready(turn);
    } catch (thrown) {
      throw await turn.errorOf(thrown);
    } finally {
      turn.close();
      this.#turn = undefined;
    }
  }

  async run(call: MethodCall, options: CallOptions = {}): Promise<CallOutcome> {
    const turn = this.#open(options.signal);
    try {
      const process = await this.#ready(turn, call);
      const answer = await process.connection.unary(process.wire.run, messageOf(call, false));
      turn.signal.throwIfAborted();
      const { output = nothing, failure, metadata } = answer;
      checkAnswer(this.#source.limits, output.byteLength, Object.entries(metadata));
      if (failure) return { ok: false, error: failureOf(failure.message).toJSON(), metadata };
      return { ok: true, output, metadata };
    } catch (thrown) {
      return { ok: false, error: (await this.#errorOf(turn, thrown)).toJSON(), metadata: {} };
    } finally {
      this.#close(turn);
    }
  }

  stream(call: MethodCall, options: CallOptions = {}): OutputStream {
    return outputStream((told) => this.#chunks(call, options.signal, told));
  }

  async feed(chunk: Uint8Array, isFinal: boolean): Promise<void> {
    if (await this.#turn?.feed?.push(chunk, isFinal)) return;
    throw new BulkheadError('field-invalid', 'no job that takes a feed runs on the instance, or its feed was ended');
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#turn?.cancel(new BulkheadError('cancelled', 'the instance was disposed'));
    this.#retire();
    await Promise.all(this.#leaving);
    this.#source.release();
  }

  /** Runs a streaming call, yields its chunks as they come, and tells when it began and how it ended. */
  async *#chunks(
    call: MethodCall,
    signal: AbortSignal | undefined,
    told: StreamTold,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const turn = this.#open(signal);
    let outcome: StreamEnd | undefined;
    try {
      const process = await this.#ready(turn, call);
      for await (const part of this.#begin(turn, process, call)) {
        if (turn.signal.aborted) break;
        if (part.failure) throw failureOf(part.failure.message);
        if (part.begun) told.begun();
        checkAnswer(this.#source.limits, part.chunk?.byteLength ?? 0, []);
        if (part.chunk) yield part.chunk;
      }
      turn.signal.throwIfAborted();
      outcome = { ok: true, metadata: {} };
    } catch (thrown) {
      const error = await this.#errorOf(turn, thrown);
      // Of a failure of its own it has ended its stream; of anything else it may know nothing.
      if (error.code !== 'plugin-failed') await this.#process?.kill();
      outcome = { ok: false, error: error.toJSON(), metadata: {} };
    } finally {
      if (!outcome) {
        const left = new BulkheadError('cancelled', 'the stream was no longer read');
        await turn.cancel(left);
        outcome = { ok: false, error: left.toJSON(), metadata: {} };
      }
      this.#close(turn);
      told.ended(outcome);
    }
  }

  /** Sends the call; what is fed from now on follows it. */
  #begin(turn: Turn, process: PluginProcess, call: MethodCall): AsyncIterable<StreamResponse> {
    const stream = process.connection.duplex(process.wire.stream);
    const feeds = this.#takesFeed(call.using);
    stream.write({ begin: messageOf(call, feeds) });
    if (feeds) turn.feed = new FeedWriter(stream, this.#source.limits.feedChunks);
    else stream.end();
    return stream;
  }

  #takesFeed(using: string | undefined): boolean {
    return methodFor(this.#spec.plugin.runner.methods, using)?.needFeed ?? false;
  }

  #open(signal?: AbortSignal): Turn {
    if (this.#disposed) throw new BulkheadError('internal', 'a disposed instance was called');
    if (this.#turn) throw new BulkheadError('internal', 'an instance was called while it served another call');
    this.#turn = new Turn(signal);
    return this.#turn;
  }

  /** The process for the call: the one at hand, or a new one. */
  async #ready(turn: Turn, call?: MethodCall): Promise<PluginProcess> {
    turn.signal.throwIfAborted();
    if (this.#process?.isOver) this.#retire();
    while (!this.#process && this.#leaving.size > 1) await Promise.race(this.#leaving);
    this.#process ??= await this.#source.start(turn.signal);
    turn.enter(this.#process);
    if (call) this.#process.log.setJob(call.job);
    return this.#process;
  }

  async #errorOf(turn: Turn, thrown: unknown): Promise<BulkheadError> {
    const { outputBytes } = this.#source.limits;
    if (!turn.signal.aborted && isStatus(thrown) && /^Received message larger than max/i.test(thrown.details))
      return overLimit('limit-output', 'outputBytes', outputBytes, 'the plugin answered more bytes at once');
    return turn.errorOf(thrown);
  }

  /** After a call: a kept process waits for the next one, any other has served. */
  #close(turn: Turn): void {
    turn.close();
    this.#turn = undefined;
    if (this.#spec.isolation === 'per-job' || this.#process?.isOver) this.#retire();
  }

  #retire(): void {
    const process = this.#process;
    if (!process) return;
    this.#process = undefined;
    const leaving = process.end().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }
}
