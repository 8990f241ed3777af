/**
 * The well-behaved neighbour: an Echo, kept in the thread that is attacked and called without a pause. It tells
 * whether every answer was right, how long the slowest took, and whether its thread is still the same one.
 */
import type { Executor, PluginInstance } from '../../runtime/executor/executor.ts';
import { PluginUnderTest } from '../executor/plugin-under-test.ts';
import { testPlugin } from '../support/artifacts.ts';

/** What happened since the last report. */
export interface NeighbourReport {
  readonly calls: number;
  /** How many answers were right. */
  readonly right: number;
  /** What was wrong with the others. */
  readonly wrong: readonly string[];
  /** The slowest call, in milliseconds. */
  readonly longestMs: number;
  /** How often its instance began anew: only a lost thread makes it. */
  readonly restarts: number;
}

const nothing: NeighbourReport = { calls: 0, right: 0, wrong: [], longestMs: 0, restarts: 0 };

export class Neighbour {
  readonly #echo: PluginUnderTest;
  readonly #instance: PluginInstance;
  readonly #life: Promise<void>;
  #report = nothing;
  /** Calls that the plugin has counted. */
  #counted = 0;
  #sent = 0;
  #stopped = false;

  private constructor(echo: PluginUnderTest, instance: PluginInstance) {
    this.#echo = echo;
    this.#instance = instance;
    this.#life = this.#live();
  }

  /** Moves in with the executor's plugins. */
  static async beside(executor: Executor): Promise<Neighbour> {
    const echo = await PluginUnderTest.admit(executor, testPlugin('echo'));
    const instance = echo.instance('kept');
    await instance.load();
    return new Neighbour(echo, instance);
  }

  /** What happened since the last report; waits for the call under way, so that a long one is not missed. */
  async report(): Promise<NeighbourReport> {
    const { calls } = this.#report;
    while (!this.#stopped && this.#report.calls === calls) await pause(1);
    const report = this.#report;
    this.#report = nothing;
    return report;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#life;
    await this.#instance.dispose();
  }

  async #live(): Promise<void> {
    while (!this.#stopped) {
      const text = `neighbour ${++this.#sent}`;
      const start = performance.now();
      const wrong = await this.#ask(text).catch((error: unknown) => `threw ${String(error)}`);
      const longestMs = Math.max(this.#report.longestMs, performance.now() - start);
      const { calls, right } = this.#report;
      const told = wrong === undefined ? this.#report.wrong : [...this.#report.wrong, wrong];
      this.#report = {
        ...this.#report,
        calls: calls + 1,
        right: wrong === undefined ? right + 1 : right,
        wrong: told,
        longestMs,
      };
      await pause(1);
    }
  }

  /** Answers what is wrong with the answer, if anything. A lost thread is not: its plugin begins to count anew. */
  async #ask(text: string): Promise<string | undefined> {
    const outcome = await this.#instance.run(this.#echo.call('run', { text }));
    if (!outcome.ok) {
      const { code, message } = outcome.error;
      return code === 'thread-lost' ? undefined : `${text}: ${code}: ${message}`;
    }
    const answer = this.#echo.read('run', outcome.output) as { text: string; calls: number };
    if (answer.text !== text) return `${text}: answered ${answer.text}`;
    if (answer.calls === 1 && this.#counted > 0)
      this.#report = { ...this.#report, restarts: this.#report.restarts + 1 };
    else if (answer.calls !== this.#counted + 1) return `${text}: counted ${answer.calls} after ${this.#counted}`;
    this.#counted = answer.calls;
    return undefined;
  }
}

export function pause(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}
