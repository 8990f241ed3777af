/** What the stages tell the operator: one function that takes lines. Where they go is the wiring's business. */

/** One line for the operator. */
export interface LogEvent {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  /** Named facts: job, worker, plugin, … */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** Takes a line. Never throws and never waits. */
export type LogSink = (event: LogEvent) => void;
