/**
 * Bounds what the glue takes out of a plugin's memory at a time.
 *
 * The glue lifts strings and lists in JavaScript, where no meter runs, before anybody sees how much it is; and the
 * entries of a list may all point at the same bytes, so that a small memory gives a host-sized answer. So the glue is
 * given a `TextDecoder`, a `DataView` and a `slice` of ours, and every element and every byte is charged to an account, which
 * is filled again whenever the plugin itself has run for a while, and for each call.
 */
import type { EndedByHost } from './boundary.ts';

/** What a string costs beyond its bytes: it is an object of the host's. */
const stringCost = 256;
/** What a view costs; the glue makes one for most values that it reads. */
const viewCost = 16;
/** What one read through the glue's own view costs. */
const readCost = 8;

/** What the glue is given. `$lift` is called by the reads that are patched into it. */
export interface LiftTools {
  readonly TextDecoder: new (
    label?: string,
  ) => { decode(bytes: Uint8Array<ArrayBuffer> | DataView<ArrayBuffer>): string };
  readonly DataView: new (buffer: ArrayBuffer, offset?: number, length?: number) => DataView<ArrayBuffer>;
  readonly $lift: () => void;
  /** Takes the place of `ArrayBuffer.prototype.slice`. */
  readonly $slice: (buffer: ArrayBuffer, start: number, end: number) => ArrayBuffer;
}

/** Typed so that it can be extended: `DataView` itself is generic in the buffer, and a base class must not be. */
const PlainView: new (buffer: ArrayBuffer, offset?: number, length?: number) => DataView<ArrayBuffer> = DataView;

export class Lift {
  readonly #most: number;
  readonly #over: () => EndedByHost;
  #left: number;
  /** The largest copy since the account was filled, in bytes. */
  #largestCopy = 0;

  /** `most` in bytes; `over` ends the instance and answers what to throw. */
  constructor(most: number, over: () => EndedByHost) {
    this.#most = most;
    this.#over = over;
    this.#left = most;
  }

  /** Fills the account. */
  readonly fill = (): void => {
    this.#left = this.#most;
    this.#largestCopy = 0;
  };

  tools(): LiftTools {
    const charge = (cost: number) => this.#charge(cost);
    class LiftDecoder {
      readonly #decoder: TextDecoder;
      constructor(label?: string) {
        this.#decoder = new TextDecoder(label);
      }
      decode(bytes: Uint8Array<ArrayBuffer> | DataView<ArrayBuffer>): string {
        charge(stringCost + bytes.byteLength);
        return this.#decoder.decode(bytes);
      }
    }
    class LiftView extends PlainView {
      constructor(buffer: ArrayBuffer, offset?: number, length?: number) {
        charge(viewCost);
        super(buffer, offset, length);
      }
    }
    return { TextDecoder: LiftDecoder, DataView: LiftView, $lift: () => charge(readCost), $slice: this.#slice };
  }

  /** The largest copy is free: it is no more than the memory that the plugin has. Those are dear that come again. */
  readonly #slice: LiftTools['$slice'] = (buffer, start, end) => {
    const size = Math.max(0, Math.min(end, buffer.byteLength) - start);
    this.#charge(viewCost + Math.min(size, this.#largestCopy));
    this.#largestCopy = Math.max(size, this.#largestCopy);
    return buffer.slice(start, end);
  };

  #charge(cost: number): void {
    this.#left -= cost;
    if (this.#left < 0) throw this.#over();
  }
}
