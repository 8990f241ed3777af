/**
 * How the environment says what the file says too: the names of jobworkerp, where they mean the same, and ours.
 *
 * A source reads texts and answers a value of the file's kind; whether that one is allowed is the shape's business.
 */

import { FieldProblem, type Shape } from '../toml/shape.ts';

/** Text variables by name; an empty one counts as not set, as compose files leave them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One or more variables that together say one setting. */
export interface EnvSource {
  readonly names: readonly [string, ...string[]];
  /** What they say; undefined: the text of the first, by its setting's kind. */
  readonly read?: (texts: readonly string[]) => unknown;
}

/** A variable of its own. `read` turns its text into what the file would say. */
export function named(name: string, read?: (text: string) => unknown): EnvSource {
  return read ? { names: [name], read: ([text = '']) => read(text) } : { names: [name] };
}

/** jobworkerp-rs writes `sqlite://FILE?mode=rwc` and `sqlite::memory:`. */
export function databasePath(text: string): string {
  return text.replace(/^sqlite:(?:\/\/)?/, '').replace(/\?.*$/, '');
}

/** OpenTelemetry's own name has the address of a collector; traces have their path below it. */
export function otlpBase(text: string): string {
  return `${text.replace(/\/$/, '')}/v1/traces`;
}

function parts(text: string): string[] {
  return text === '' ? [] : text.split(',').map((part) => part.trim());
}

/** Names and numbers, in the same order. One that lacks its partner is refused: which was forgotten cannot be known. */
export const channels: EnvSource = {
  names: ['WORKER_CHANNELS', 'WORKER_CHANNEL_CONCURRENCIES'],
  read: ([names = '', concurrencies = '']) => {
    const [keys, values] = [parts(names), parts(concurrencies)];
    if (keys.length !== values.length) {
      throw new FieldProblem([], `there are ${keys.length} names and ${values.length} numbers`, 'one for each');
    }
    const twice = keys.find((key, index) => keys.indexOf(key) !== index);
    if (twice !== undefined) throw new FieldProblem([], `${JSON.stringify(twice)} is there twice`, 'one entry');
    return Object.fromEntries(keys.map((key, index) => [key, wholeOf(values[index] ?? '')]));
  },
};

function wholeOf(text: string): unknown {
  return /^\d{1,16}$/.test(text) ? Number(text) : text;
}

/** A text as a value of that kind; as it is where it is none, for the shape to refuse. */
export function fieldValue(text: string, shape: Shape): unknown {
  switch (shape.kind) {
    case 'whole':
      return wholeOf(text);
    case 'flag':
      return { true: true, false: false }[text.toLowerCase()] ?? text;
    case 'choice':
      return shape.of.find((choice) => String(choice).toLowerCase() === text.toLowerCase()) ?? text;
    case 'list':
      return parts(text).filter((part) => part !== '');
    default:
      return text;
  }
}
