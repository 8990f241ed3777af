/** `std::net::UdpSocket` in a plugin, with real peers: who is sent to, who is heard, and what a flood comes to. */
import { createSocket, type Socket } from 'node:dgram';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Grants, SocketGrant } from '../../runtime/model/grant.ts';
import { eventually, type GuestOptions, NetworkPlugin } from './egress-guest.ts';

/** A peer on loopback. */
interface Peer {
  readonly socket: Socket;
  readonly port: number;
  /** What came, with the port that it came from. */
  readonly heard: { readonly text: string; readonly from: number }[];
}

async function peer(answer?: (text: string) => string, host = '127.0.0.1'): Promise<Peer> {
  const socket = createSocket(host === '::1' ? 'udp6' : 'udp4');
  const heard: Peer['heard'] = [];
  socket.on('message', (data, { port, address }) => {
    heard.push({ text: data.toString(), from: port });
    if (answer) socket.send(answer(data.toString()), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, host, resolve));
  return { socket, port: socket.address().port, heard };
}

let udp: NetworkPlugin;
let echo: Peer;
let echo6: Peer;
let stranger: Peer;
beforeAll(async () => {
  udp = await NetworkPlugin.compile('udp');
  [echo, echo6, stranger] = await Promise.all([peer((text) => `${text}!`), peer((text) => text, '::1'), peer()]);
});
afterAll(() => {
  for (const { socket } of [echo, echo6, stranger]) socket.close();
});

const peers = (...grants: Partial<SocketGrant>[]): Grants => ({
  sockets: grants.map((more) => ({
    protocol: 'udp',
    host: '127.0.0.1',
    port: echo.port,
    privateAddresses: true,
    ...more,
  })),
});
const granted = (...grants: Partial<SocketGrant>[]): GuestOptions => ({ grants: peers(...grants) });
const steps = (...lines: string[]) => lines.join('\n');
const at = ({ port }: Peer) => `127.0.0.1:${port}`;

describe('a granted peer', () => {
  it('is sent to and heard, and the socket closed after', async () => {
    const ran = await udp.run(
      steps('bind 0.0.0.0:0', `to ${at(echo)} hello`, 'recv', `to ${at(echo)} again`, 'recv', 'drop'),
      granted({}),
    );
    const from = ` from ${at(echo)}`;
    expect(ran.said).toBe(`bind=\nto=5\nrecv=hello!${from}\nto=5\nrecv=again!${from}\ndrop=\n`);
    expect(ran.refusals).toEqual([]);
    const { from: port } = echo.heard.at(-1) ?? {};
    const again = createSocket('udp4');
    await new Promise<void>((resolve, reject) => again.once('error', reject).bind(port, '0.0.0.0', resolve));
    again.close();
  });

  it('is sent to by name, over IPv6, and from a socket on loopback', async () => {
    const named = { ...granted({ host: 'echo.test' }), resolver: async () => ['127.0.0.1'] };
    const byName = await udp.run(steps('bind 127.0.0.1:0', `to echo.test:${echo.port} hi`, 'recv'), named);
    expect(byName.said).toBe(`bind=\nto=2\nrecv=hi! from ${at(echo)}\n`);
    const over6 = await udp.run(
      steps('bind [::]:0', `to [::1]:${echo6.port} hi`, 'recv'),
      granted({ host: '::1', port: echo6.port }),
    );
    expect(over6.said).toBe(`bind=\nto=2\nrecv=hi from [::1]:${echo6.port}\n`);
  });

  it('may be the only one: then it is who is sent to, and nobody else', async () => {
    const ran = await udp.run(
      steps(
        'bind 0.0.0.0:0',
        `connect ${at(echo)}`,
        'peer',
        'local',
        'send hi',
        'recv',
        `to ${at(stranger)} hi`,
        `connect ${at(stranger)}`,
        'send other',
        'peer',
      ),
      granted({}, { port: stranger.port }),
    );
    expect(ran.said).toMatch(
      new RegExp(
        `^bind=\nconnect=\npeer=${at(echo)}\nlocal=127.0.0.1:\\d+\nsend=2\nrecv=hi! from ${at(echo)}\n` +
          `to!.*\nconnect=\nsend=5\npeer=${at(stranger)}\n$`,
      ),
    );
    await eventually('the other is sent to', () => stranger.heard.some(({ text }) => text === 'other'));
    expect(stranger.heard.some(({ text }) => text === 'hi')).toBe(false);
  });

  it('that is not there is told of, where it is the only one', async () => {
    const gone = await peer();
    await new Promise<void>((resolve) => gone.socket.close(resolve));
    const ran = await udp.run(
      steps('bind 0.0.0.0:0', `connect ${at(gone)}`, 'send hi', 'recv'),
      granted({ port: gone.port }),
    );
    expect(ran.said).toMatch(/recv!ConnectionRefused/);
  });

  it.each([
    [65_507, 'large=65507'],
    [65_508, 'large!Uncategorized'],
  ])('is sent as much as fits into a datagram: %d bytes', async (bytes, outcome) => {
    const ran = await udp.run(
      steps('bind 0.0.0.0:0', `large ${bytes} ${at(stranger)}`),
      granted({ port: stranger.port }),
    );
    expect(ran.said).toBe(`bind=\n${outcome}\n`);
  });

  it('that says nothing is not waited for by who does not want to', async () => {
    const ran = await udp.run(steps('bind 0.0.0.0:0', 'impatient', 'recv'), granted({ port: stranger.port }));
    expect(ran.said).toBe('bind=\nimpatient=\nrecv!WouldBlock\n');
  });
});

describe('nobody else', () => {
  it.each([
    ['another port', { port: 1 }],
    ['TCP', { protocol: 'tcp' }],
    ['a private address', { privateAddresses: false }],
    ['another host', { host: '127.0.0.2' }],
  ] as const)('is sent to: granted is %s', async (kind, more) => {
    const before = echo.heard.length;
    const ran = await udp.run(steps('bind 0.0.0.0:0', `to ${at(echo)} hello`), granted(more));
    expect(ran.said).toBe(kind === 'TCP' ? 'bind!PermissionDenied\nto!NotConnected\n' : 'bind=\nto!PermissionDenied\n');
    expect(ran.refusals).toEqual([
      kind === 'TCP' ? 'sockets refused: a UDP socket' : `sockets refused: datagrams to 127.0.0.1 port ${echo.port}`,
    ]);
    expect(echo.heard).toHaveLength(before);
  });

  it('is connected to', async () => {
    const ran = await udp.run(steps('bind 0.0.0.0:0', `connect ${at(stranger)}`, 'send hi'), granted({}));
    expect(ran.said).toMatch(/^bind=\nconnect!PermissionDenied\nsend!/);
  });

  it('is sent to by a name that resolves to what is not public', async () => {
    const ran = await udp.run(steps('bind 0.0.0.0:0', `to echo.test:${echo.port} hi`, `to ${at(echo)} hi`), {
      ...granted({ host: 'echo.test', privateAddresses: false }),
      resolver: async () => ['127.0.0.1'],
    });
    expect(ran.said).toBe('bind=\nto!PermissionDenied\nto!PermissionDenied\n');
  });

  it.each(['255.255.255.255', '224.0.0.1', '0.0.0.0'])('is everybody: %s', async (address) => {
    const ran = await udp.run(steps('bind 0.0.0.0:0', `to ${address}:${echo.port} hi`), granted({ host: address }));
    expect(ran.said).toMatch(/^bind=\nto!(InvalidInput|PermissionDenied)\n$/);
  });

  it('is heard, whether it speaks before or after who may', async () => {
    const port = 40_000 + Math.floor(Math.random() * 10_000);
    const grants: Grants = { ...peers({}), listen: [{ protocol: 'udp', address: '127.0.0.1', port }] };
    const running = await udp.start(
      steps(`bind 127.0.0.1:${port}`, `to ${at(echo)} go`, 'recv', 'recv', 'impatient', 'recv'),
      {
        grants,
      },
    );
    await eventually('the plugin is there', () => echo.heard.at(-1)?.text === 'go');
    stranger.socket.send('not you', port, '127.0.0.1');
    echo.socket.send('and you', port, '127.0.0.1');
    stranger.socket.send('not you', port, '127.0.0.1');
    const { said, refusals } = await running.done;
    expect(said).toBe(
      `bind=\nto=2\nrecv=go! from ${at(echo)}\nrecv=and you from ${at(echo)}\nimpatient=\nrecv!WouldBlock\n`,
    );
    // Anybody may send to an open port: that is nothing that the plugin did.
    expect(refusals).toEqual([]);
  });
});

describe('a local port', () => {
  it.each([
    ['a port of its own choice', '127.0.0.1:40404'],
    ['another address of this machine', '127.0.0.2:0'],
    ['all addresses at a port', '0.0.0.0:40404'],
  ])('is not bound to without a grant: %s', async (_, place) => {
    const ran = await udp.run(`bind ${place}`, granted({}));
    expect(ran.said).toBe('bind!PermissionDenied\n');
    expect(ran.refusals[0]).toMatch(/^sockets refused: binding UDP to /);
  });

  it('is bound to where it is granted, also without peers, and none but that', async () => {
    const port = 40_000 + Math.floor(Math.random() * 10_000);
    const grants: Grants = { listen: [{ protocol: 'udp', address: '127.0.0.1', port, lastPort: port + 5 }] };
    const ran = await udp.run(steps('bind 127.0.0.1:0', 'local', `to ${at(echo)} hi`, 'bind 0.0.0.0:0'), { grants });
    const [, bound] = /local=127\.0\.0\.1:(\d+)/.exec(ran.said) ?? [];
    expect(ran.said).toBe(`bind=\nlocal=127.0.0.1:${bound}\nto!PermissionDenied\nbind!PermissionDenied\n`);
    expect(Number(bound) - port).toBeGreaterThanOrEqual(0);
    expect(Number(bound) - port).toBeLessThanOrEqual(5);
  });
});

describe('a flood', () => {
  it('that comes in is dropped beyond a bounded buffer, and hearing goes on', async () => {
    const port = 40_000 + Math.floor(Math.random() * 10_000);
    const grants: Grants = { ...peers({}), listen: [{ protocol: 'udp', address: '127.0.0.1', port }] };
    const running = await udp.start(
      steps(`bind 127.0.0.1:${port}`, `to ${at(echo)} go`, 'recv', 'sleep 500', 'drain', `to ${at(echo)} on`, 'recv'),
      { grants },
    );
    await eventually('the plugin is there', () => echo.heard.at(-1)?.text === 'go');
    const chunk = Buffer.alloc(1000, 'x');
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < 100; i++) echo.socket.send(chunk, port, '127.0.0.1');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const { said } = await running.done;
    const drained = Number(/^drain=(\d+)$/m.exec(said)?.[1]);
    expect(drained).toBeGreaterThan(10);
    expect(drained).toBeLessThan(100);
    expect(said).toMatch(new RegExp(`to=2\nrecv=on! from ${at(echo)}\n$`));
  });

  it('that goes out waits for its turns, within its buffer, beside who else is there', async () => {
    const [sent, other] = await Promise.all([
      udp.run(steps('bind 0.0.0.0:0', `flood 20000 ${at(stranger)}`), granted({ port: stranger.port })),
      udp.run(steps('bind 0.0.0.0:0', `to ${at(echo)} hello`, 'recv'), granted({})),
    ]);
    expect(sent.said).toBe('bind=\nflood=\n');
    expect(other.said).toMatch(/recv=hello!/);
  });
});

describe('the end of an instance', () => {
  it('closes a socket on which it waits', async () => {
    const running = await udp.start(steps('bind 0.0.0.0:0', `to ${at(echo)} bye`, 'recv', 'recv'), granted({}));
    await eventually('it is heard', () => echo.heard.at(-1)?.text === 'bye');
    const port = echo.heard.at(-1)?.from;
    running.end();
    await expect(running.done).rejects.toMatchObject({ code: 'cancelled' });
    const again = createSocket('udp4');
    await new Promise<void>((resolve, reject) => again.once('error', reject).bind(port, '0.0.0.0', resolve));
    again.close();
  });

  it('comes where a job leaves a socket open; one that it closed is forgotten', async () => {
    const instance = await udp.keep(granted({}));
    expect(await instance.run(steps('bind 0.0.0.0:0', `to ${at(echo)} hi`, 'recv', 'drop'))).toMatch(/drop=\n$/);
    expect(instance.reset()).toBe(true);
    await instance.run(steps('bind 0.0.0.0:0', 'leave'));
    expect(instance.reset()).toBe(false);
    instance.dispose();
  });

  it('comes with no more sockets than its buffers allow', async () => {
    const bind = 'bind 0.0.0.0:0';
    const ran = await udp.run(steps(bind, 'leave', bind), { ...granted({}), limits: { bufferBytes: 200_000 } });
    expect(ran.said).toMatch(/^bind=\nleave=\nbind!/);
  });
});
