/** X.509 certificates are written in DER: as much of it as a certificate needs that is only written, and never parsed. */

/** One DER value: tag, length, content (up to 64 KiB). */
export function tlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.of(tag, ...length), content]);
}

export function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, ...parts);
}

export function integer(bytes: Buffer): Buffer {
  return tlv(0x02, bytes);
}

export function bool(value: boolean): Buffer {
  return tlv(0x01, Buffer.of(value ? 0xff : 0));
}

export function octets(content: Buffer): Buffer {
  return tlv(0x04, content);
}

/** By its arcs. */
export function oid(first: number, second: number, ...rest: readonly number[]): Buffer {
  const bytes = rest.flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return tlv(0x06, Buffer.of(first * 40 + second, ...bytes));
}

/** A name that has a commonName only. */
export function distinguishedName(commonName: string): Buffer {
  return sequence(tlv(0x31, sequence(oid(2, 5, 4, 3), tlv(0x0c, Buffer.from(commonName)))));
}

/** UTCTime: `YYMMDDhhmmssZ`. */
export function time(millis: number): Buffer {
  return tlv(0x17, Buffer.from(`${new Date(millis).toISOString().slice(2, 19).replace(/[-T:]/g, '')}Z`));
}

/** A certificate as text. */
export function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
