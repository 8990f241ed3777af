/** Steps through the wire format of Protocol Buffers without building anything. */

/** A place in a message's bytes. Ends (`end`) are positions that must not be passed. */
export class WireCursor {
  readonly bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** A varint of which the low 32 bits matter. Throws where the bytes end early or it is too long. */
  varint32(end: number): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= end) throw new RangeError('the bytes end in the middle of a number');
      const byte = this.bytes[this.at++] as number;
      if (shift < 32) value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
    throw new RangeError('a number has more than 10 bytes');
  }

  /** Reads a length and answers where that many bytes end. */
  delimited(end: number, field: string): number {
    const length = this.varint32(end);
    if (length > end - this.at)
      throw new RangeError(`field '${field}' claims ${length} bytes, but ${end - this.at} are left`);
    return this.at + length;
  }

  /** Passes over a fixed number of bytes. */
  skip(count: number, end: number): void {
    if (count > end - this.at) throw new RangeError('the bytes end in the middle of a field');
    this.at += count;
  }
}

/** Passes over the value that follows a tag. Throws for wire types that do not exist. */
export function skipField(cursor: WireCursor, tag: number, end: number, depth: number): void {
  switch (tag & 7) {
    case 0:
      cursor.varint32(end);
      return;
    case 1:
      cursor.skip(8, end);
      return;
    case 2:
      cursor.at = cursor.delimited(end, `#${tag >>> 3}`);
      return;
    case 3:
      skipGroup(cursor, tag, end, depth + 1);
      return;
    case 5:
      cursor.skip(4, end);
      return;
    default:
      throw new Error(`wire type ${tag & 7} does not belong here`);
  }
}

function skipGroup(cursor: WireCursor, start: number, end: number, depth: number): void {
  if (depth > 100) throw new RangeError('groups are nested more than 100 deep');
  for (;;) {
    const tag = cursor.varint32(end);
    if ((tag & 7) !== 4) skipField(cursor, tag, end, depth);
    else if (tag >>> 3 === start >>> 3) return;
    else throw new Error('a group ends that did not begin');
  }
}
