/** Log lines of commands that run for a moment, on stderr: all levels, for a person. */
import type { LogEvent } from '../telemetry/events.ts';
import { logLine } from '../telemetry/log-text.ts';

export function stderrLog(event: LogEvent): void {
  process.stderr.write(`${logLine(event)}\n`);
}
