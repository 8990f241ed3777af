/** Cuts what a process writes into lines; of one that never ends, only so much is held. */

/** The longest line, in bytes; the rest of it comes as lines of its own. */
const longestLine = 64 * 1024;

export class Lines {
  readonly #take: (line: string) => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(take: (line: string) => void) {
    this.#take = take;
  }

  write(bytes: Uint8Array): void {
    let left = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const end = left.indexOf(0x0a);
      if (end < 0 && left.length < longestLine) break;
      const cut = end < 0 || end > longestLine ? longestLine : end;
      this.#take(left.toString('utf8', 0, cut).replace(/\r$/, ''));
      left = left.subarray(cut === end ? cut + 1 : cut);
    }
    this.#rest = Buffer.from(left);
  }

  /** What came after the last line break is a line too. */
  end(): void {
    if (this.#rest.length > 0) this.#take(this.#rest.toString('utf8'));
    this.#rest = Buffer.alloc(0);
  }
}
