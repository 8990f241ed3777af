/**
 * What an instance may spend: the ticks that the rewritten modules count, and what they grow by.
 *
 * A module asks `refill` when its ticks are used up, some thousand times a second. That is where a deadline, a
 * cancel and the CPU budget end a loop, and where an instance gives way to others: `refill` answers that it should
 * yield, and only then the module calls `yield`, which suspends it. It may not be suspended while JavaScript
 * stands below it on the stack (start functions, `cabi_realloc`, `cabi_post_*`): see {@link Meter.plainly}.
 */
import { BulkheadError, overLimit } from '../../../errors.ts';
import type { Usage } from '../../../model/call.ts';
import type { Limits } from '../../../model/limits.ts';
import { pulseCells } from '../messages.ts';
import type { Boundary } from './boundary.ts';
import { CpuClock } from './cpu-clock.ts';
import { nextTurn } from './turns.ts';

/** What `refill` answers to ask for a call of `yield`. Fixed by the rewriter (`REFILL_YIELD`). */
const askToYield = -1;
/**
 * What `refill` and `yield` answer to end the instance, by a trap that nothing can catch (`REFILL_END`); what an import
 * throws a guest can catch.
 */
const endsGuest = -2;
/** How long an instance computes before it gives way, in milliseconds. */
const slice = 5;
/** How long the ticks of one refill are meant to last, in milliseconds; the quantum follows the plugin's pace. */
const refillEvery = 0.4;
const leastQuantum = 1_000;
/** A tick is 0.15 to 1 ns in ordinary code, 10 in hostile code, and at worst (page faults) 130. */
const mostQuantum = 300_000;

/** Takes what a module used of its grant since this was last asked. */
function settle(account: Account): number {
  const left = Number(account.left?.value ?? 0);
  const used = account.granted - left;
  account.granted = left;
  return used;
}

/** How long an instance may run where it cannot give way, in milliseconds: its neighbours wait for it. */
const longestPlain = 250;
const heldThread = overLimit(
  'limit-cpu',
  'longestPlain',
  longestPlain,
  'the plugin held its thread too long, in milliseconds, in a function that cannot give way (start, realloc, post-return)',
);

/** What a job is ended with that the thread finds late before the runtime's thread does. */
const tooLate = new BulkheadError('deadline-exceeded', 'the job did not end before its deadline');

/** See {@link pulseCells}. */
let pulse: Int32Array = new Int32Array(Object.keys(pulseCells).length);

/** Sets the cells by which the runtime's thread knocks. */
export function listenForKnocks(cells: Int32Array<SharedArrayBuffer>): void {
  pulse = cells;
}

/** What one module was given of ticks, and where it counts them. */
export interface Account {
  granted: number;
  /** On the clock of `performance.now`. */
  grantedAt: number;
  left: { value: unknown } | undefined;
}

export class Meter {
  readonly #boundary: Boundary;
  readonly #limits: Limits;
  #quantum = 20_000;
  readonly #accounts: Account[] = [];
  #ticks = 0;
  readonly #cpu = new CpuClock();
  #sliceEnds = 0;
  #seenKnock = 0;
  /** How many JavaScript frames stand between the instance and its `promising` call. */
  #plain = 0;
  #bytes = 0;
  #plainSince = 0;
  /** Runs whenever the plugin asks for ticks. */
  onRefill: () => void = () => undefined;
  /** The plugin asked for memory that it was not given. */
  refusedGrowth = false;
  /** On the clock of `performance.now`. */
  #deadline = Number.POSITIVE_INFINITY;

  constructor(boundary: Boundary, limits: Limits) {
    this.#boundary = boundary;
    this.#limits = limits;
  }

  /**
   * The imports of one rewritten module, and its account, to be given the module's `bulkhead:ticks` once there is
   * one. Made under the boundary's guard, so that `yield` can be ended too.
   */
  open(): { readonly imports: Record<string, unknown>; readonly account: Account } {
    const account: Account = { granted: 0, grantedAt: 0, left: undefined };
    this.#accounts.push(account);
    const imports = {
      refill: (left: number) => this.#refill(account, left),
      yield: this.#boundary.answering(() => this.#yield(account), endsGuest),
      grow: (bytes: bigint) => this.#grow(Number(bytes)),
    };
    return { imports, account };
  }

  /** Bytes of memories and tables at hand. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts memory that a module begins with. Throws the error of the cap. */
  addBytes(bytes: number): void {
    this.#bytes += bytes;
    const { memoryBytes } = this.#limits;
    if (this.#bytes <= memoryBytes) return;
    throw overLimit(
      'limit-memory',
      'memoryBytes',
      memoryBytes,
      `the plugin begins with ${this.#bytes} bytes of memory`,
    );
  }

  /** Sets the count back, with the memory itself. */
  resetBytes(bytes: number): void {
    this.#bytes = bytes;
  }

  /** A job begins: what is used from now on is the job's. `deadline` in milliseconds since 1970. */
  begin(deadline: number | undefined): void {
    for (const account of this.#accounts) settle(account);
    this.#ticks = 0;
    this.#cpu.clear();
    this.refusedGrowth = false;
    this.#deadline = deadline === undefined ? Number.POSITIVE_INFINITY : deadline - performance.timeOrigin;
  }

  /** The instance waits; its time is not counted. */
  pause(): void {
    this.#cpu.stop(performance.now());
  }

  /** The instance goes on. */
  resume(): void {
    const now = performance.now();
    this.#cpu.start(now);
    this.#sliceEnds = now + slice;
  }

  /** What the call used. */
  usage(): Usage {
    for (const account of this.#accounts) this.#ticks += settle(account);
    return { ticks: this.#ticks, cpuMs: this.#cpu.spent };
  }

  /** Runs `use` with JavaScript below the instance, where it cannot be suspended. */
  plainly<T>(use: () => T): T {
    if (this.#plain++ === 0) this.#plainSince = performance.now();
    try {
      return use();
    } finally {
      this.#plain--;
    }
  }

  #refill(account: Account, left: number): number {
    const now = performance.now();
    this.#count(account, left, now);
    this.onRefill();
    const over = this.#boundary.ended ? undefined : this.#overdrawn(now);
    if (over) this.#boundary.end(over);
    if (this.#boundary.ended) return endsGuest;
    const wanted = now >= this.#sliceEnds || Atomics.load(pulse, pulseCells.knocks) !== this.#seenKnock;
    return wanted && this.#plain === 0 ? askToYield : this.#grant(account, now);
  }

  /** Why the instance may not go on, if it may not. */
  #overdrawn(now: number): BulkheadError | undefined {
    const { cpuMs } = this.#limits;
    if (now >= this.#deadline) return tooLate;
    if (this.#plain > 0 && now - this.#plainSince > longestPlain) return heldThread;
    if (this.#cpu.look(now) <= cpuMs) return undefined;
    return overLimit('limit-cpu', 'cpuMs', cpuMs, 'the job used up its CPU time, in milliseconds');
  }

  async #yield(account: Account): Promise<number> {
    this.#seenKnock = Atomics.load(pulse, pulseCells.knocks);
    await nextTurn();
    return this.#grant(account, performance.now());
  }

  /** Counts the ticks since the last grant and fits the next one to the plugin's pace. */
  #count(account: Account, left: number, now: number): void {
    const used = account.granted - left;
    this.#ticks += used;
    account.granted = 0;
    const took = now - account.grantedAt;
    if (used <= 0 || took <= 0) return;
    const fitting = used * (refillEvery / took);
    this.#quantum = Math.min(mostQuantum, Math.max(leastQuantum, Math.min(fitting, this.#quantum * 4)));
  }

  #grant(account: Account, now: number): number {
    account.granted = Math.floor(this.#quantum);
    account.grantedAt = now;
    return account.granted;
  }

  /** Allows growth within the cap; a negative number takes back what could not be had after all. */
  #grow(bytes: number): number {
    if (this.#bytes + bytes > this.#limits.memoryBytes) {
      this.refusedGrowth = true;
      return 0;
    }
    this.#bytes += bytes;
    return 1;
  }
}
