/** A DNS server on loopback with names of the test's choosing; it counts what it is asked. */
import { createSocket } from 'node:dgram';
import { toWit } from '../../runtime/capabilities/addresses.ts';

/** What it says of a name: its addresses, that it failed, or nothing at all, ever. */
export type Answer = readonly string[] | 'fails' | 'silent';

export interface DnsServer {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** Every name that was asked for, as often as it was. */
  readonly asked: string[];
  close(): Promise<void>;
}

const typeA = 1;
const typeAaaa = 28;

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function recordOf(address: string): { type: number; bytes: Buffer } {
  const { tag, val } = toWit(address);
  if (tag === 'ipv4') return { type: typeA, bytes: Buffer.from(val) };
  return { type: typeAaaa, bytes: Buffer.from(val.flatMap((group) => [group >> 8, group & 0xff])) };
}

function reply(query: Buffer, answer: Answer | undefined): Buffer {
  const { type, end } = questionOf(query);
  const records = Array.isArray(answer) ? answer.map(recordOf).filter((record) => record.type === type) : [];
  const code = answer === undefined ? 3 : answer === 'fails' ? 2 : 0;
  const head = Buffer.from(query.subarray(0, end));
  head.writeUInt16BE(0x8180 | code, 2);
  for (const [at, count] of [1, records.length, 0, 0].entries()) head.writeUInt16BE(count, 4 + 2 * at);
  // A pointer to the name, the type, the class IN, a minute to live, the length.
  const answers = records.map(({ bytes }) =>
    Buffer.concat([Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, bytes.length]), bytes]),
  );
  return Buffer.concat([head, ...answers]);
}

/** Names that are not there do not exist. */
export async function dnsServer(names: Readonly<Record<string, Answer>>): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (query, { port, address }) => {
    const { name } = questionOf(query);
    asked.push(name);
    const answer = Object.hasOwn(names, name) ? names[name] : undefined;
    if (answer !== 'silent') socket.send(reply(query, answer), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
