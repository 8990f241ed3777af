/** What the parsers of settings files have in common. */
import type { FieldPath } from './shape.ts';

/** A text that was parsed. */
export interface ParsedText {
  readonly value: unknown;
  /** The line of a field, counted from 1; of the nearest one around it where it is not there. */
  lineOf(path: FieldPath): number;
}

/** The text is not what it should be; the line is counted from 1. */
export class TextProblem extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}
