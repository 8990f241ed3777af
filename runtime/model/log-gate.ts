/** Bounds what one instance may log: bytes a second, with a count of what was left out. */

/** The texts of a line. */
interface LineTexts {
  readonly target: string;
  readonly message: string;
  readonly fields: readonly { readonly key: string; readonly value: string }[];
}

/** What a line costs beyond its texts, so that empty lines are not free. */
const lineOverhead = 64;

export class LogGate {
  readonly #bytesPerSecond: number;
  #window = 0;
  #spent = 0;
  #dropped = 0;

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Whether the line may pass. */
  admit(line: LineTexts, now: number): boolean {
    const second = Math.floor(now / 1000);
    if (second !== this.#window) {
      this.#window = second;
      this.#spent = 0;
    }
    this.#spent += line.fields.reduce(
      (sum, field) => sum + field.key.length + field.value.length,
      lineOverhead + line.target.length + line.message.length,
    );
    if (this.#spent <= this.#bytesPerSecond) return true;
    this.#dropped++;
    return false;
  }

  /** How many lines were refused since the last call. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }
}
