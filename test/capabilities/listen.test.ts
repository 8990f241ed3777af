/** `std::net::TcpListener` in a plugin, with real clients. */
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toWitSocket } from '../../runtime/capabilities/addresses.ts';
import type { ListenGrant } from '../../runtime/model/grant.ts';
import { eventually, type GuestOptions, type Kept, NetworkPlugin } from './egress-guest.ts';
import { fakeInstance } from './instance.ts';

let tcp: NetworkPlugin;
const clients: Socket[] = [];
beforeAll(async () => {
  tcp = await NetworkPlugin.compile('tcp');
});
afterAll(() => {
  for (const client of clients) client.destroy();
});

/** A port that nobody listens at. */
async function freePort(host = '127.0.0.1'): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

const at = (port: number, more: Partial<ListenGrant> = {}): GuestOptions => ({
  grants: { listen: [{ address: '127.0.0.1', port, ...more }] },
});
const steps = (...lines: string[]) => lines.join('\n');

/** A client that tries until somebody listens, and then for as long as it lasts; what it was told. */
async function client(port: number, text = '', host = '127.0.0.1'): Promise<{ socket: Socket; heard: () => string }> {
  for (let tries = 0; tries < 200; tries++) {
    const socket = connect({ port, host });
    clients.push(socket);
    let heard = '';
    socket.setEncoding('utf8').on('data', (more: string) => {
      heard += more;
    });
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).on('error', () => resolve(false));
    });
    if (isOpen) {
      if (text !== '') socket.write(text);
      return { socket, heard: () => heard };
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`nobody listens at ${port}`);
}

describe('a granted port', () => {
  it('is listened at: clients are accepted, read, answered, and told of the end', async () => {
    const port = await freePort();
    const running = await tcp.start(
      steps(
        `listen 127.0.0.1:${port}`,
        'accept',
        'peer',
        'local',
        'read 5',
        'send back',
        'drop',
        'accept',
        'drain',
        'unlisten',
      ),
      at(port),
    );
    const first = await client(port, 'hello');
    const firstEnd = new Promise((resolve) => first.socket.once('end', resolve));
    await firstEnd;
    expect(first.heard()).toBe('back');
    const second = await client(port, 'all of it');
    second.socket.end();
    const { said, refusals } = await running.done;
    const [, ownPort] = /accept=127\.0\.0\.1:(\d+)/.exec(said) ?? [];
    expect(said).toMatch(
      new RegExp(
        `^listen=127\\.0\\.0\\.1:${port}\naccept=.*\npeer=127\\.0\\.0\\.1:${ownPort}\nlocal=127\\.0\\.0\\.1:${port}\n` +
          'read=hello\nsend=\ndrop=\naccept=.*\ndrain=all of it\nunlisten=\n$',
      ),
    );
    expect(refusals).toEqual([]);
  });

  it('is listened at over IPv6, and not over IPv4 at the same time', async () => {
    const port = await freePort('::1');
    const running = await tcp.start(steps(`listen [::]:${port}`, 'accept', 'read 2'), at(port, { address: '::' }));
    const { socket } = await client(port, '', '::1');
    const over4 = connect({ port, host: '127.0.0.1' });
    expect(
      await new Promise((resolve) => over4.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code))),
    ).toBe('ECONNREFUSED');
    socket.write('hi');
    expect((await running.done).said).toMatch(/^listen=\[::\]:\d+\naccept=\[::1\]:\d+\nread=hi\n$/);
  });

  it('may be one of several: a taken one is passed over where the plugin leaves the choice', async () => {
    const port = await freePort();
    const range = at(port, { lastPort: port + 9 });
    const first = await tcp.start(steps('listen 127.0.0.1:0', 'accept', 'read 1'), range);
    const second = await tcp.start(steps('listen 127.0.0.1:0', 'accept', 'read 1'), range);
    const ports = Array.from({ length: 10 }, (_, offset) => port + offset);
    const found = new Set<number>();
    await eventually('both listen', () => {
      for (const each of ports) {
        const probe = connect({ port: each, host: '127.0.0.1' }, () => {
          found.add(each);
          probe.end('x');
        });
        probe.on('error', () => undefined);
      }
      return found.size >= 2;
    });
    const said = await Promise.all([first.done, second.done]);
    const bound = said.map((ran) => Number(/^listen=127\.0\.0\.1:(\d+)$/m.exec(ran.said)?.[1]));
    expect(new Set(bound).size).toBe(2);
    expect(bound.every((each) => ports.includes(each))).toBe(true);
  });

  it('that is taken is told as such, and so is one that is no address of this machine', async () => {
    const port = await freePort();
    const running = await tcp.start(steps(`listen 127.0.0.1:${port}`, 'accept'), at(port));
    await client(port);
    await running.done;
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
    expect((await tcp.run(`listen 127.0.0.1:${port}`, at(port))).said).toBe('listen!AddrInUse\n');
    await new Promise((resolve) => taken.close(resolve));
    const elsewhere = at(port, { address: '198.51.100.7' });
    expect((await tcp.run(`listen 198.51.100.7:${port}`, elsewhere)).said).toBe('listen!AddrNotAvailable\n');
  });

  it('does not block who does not want to wait', async () => {
    const port = await freePort();
    const ran = await tcp.run(steps(`listen 127.0.0.1:${port}`, 'impatient', 'accept'), at(port));
    expect(ran.said).toBe(`listen=127.0.0.1:${port}\nimpatient=\naccept!WouldBlock\n`);
  });
});

describe('what was not granted', () => {
  it.each([
    ['another port', 'listen 127.0.0.1:PORT', { port: 1 }],
    ['another address', 'listen 127.0.0.1:PORT', { address: '127.0.0.2' }],
    ['all addresses', 'listen 0.0.0.0:PORT', {}],
    ['the other family', 'listen [::1]:PORT', { address: '0.0.0.0' }],
    ['UDP', 'listen 127.0.0.1:PORT', { protocol: 'udp' }],
  ] as const)('is refused: %s', async (kind, step, more) => {
    const port = await freePort();
    const ran = await tcp.run(step.replace('PORT', `${port}`), at(port, more));
    expect(ran.said).toBe('listen!PermissionDenied\n');
    expect(ran.refusals).toHaveLength(1);
    if (kind !== 'UDP') expect(ran.refusals[0]).toMatch(/^sockets refused: binding TCP to \S+ port \d+$/);
  });

  it('is to connect: listening is all that a listener may do', async () => {
    const port = await freePort();
    const ran = await tcp.run(`connect 127.0.0.1:${port}`, at(port));
    expect(ran.said).toBe('connect!PermissionDenied\n');
  });
});

describe('who listens', () => {
  it('has only so many waiting to be accepted, and the rest turned away', async () => {
    const port = await freePort();
    const running = await tcp.start(steps(`listen 127.0.0.1:${port}`, 'accept', 'read 4', 'drop'), at(port));
    const first = await client(port);
    await eventually('it is accepted', () => first.socket.localPort !== undefined);
    const crowd = await Promise.all(Array.from({ length: 200 }, () => client(port)));
    const left = () => crowd.filter(({ socket }) => !socket.destroyed).length;
    await eventually('those who are too many are turned away', () => left() <= 65);
    expect(left()).toBeGreaterThanOrEqual(63);
    first.socket.write('done');
    expect((await running.done).said).toMatch(/read=done/);
    await eventually('all are let go of with the instance', () => left() === 0);
  });

  it('accepts no more than its buffers allow', async () => {
    const port = await freePort();
    const running = await tcp.start(steps(`listen 127.0.0.1:${port}`, 'accept', 'keep', 'accept'), {
      ...at(port),
      // For the listener, and one connection.
      limits: { bufferBytes: 400_000 },
    });
    await Promise.all([client(port), client(port)]);
    expect((await running.done).said).toMatch(/^listen=.*\naccept=.*\nkeep=\naccept!/);
  });

  it('and is cancelled meanwhile lets go of the port', async () => {
    const port = await freePort();
    const running = await tcp.start(steps(`listen 127.0.0.1:${port}`, 'accept', 'accept'), at(port));
    const { socket } = await client(port);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    running.end();
    await expect(running.done).rejects.toMatchObject({ code: 'cancelled' });
    await closed;
    const again = await tcp.run(steps(`listen 127.0.0.1:${port}`), at(port));
    expect(again.said).toBe(`listen=127.0.0.1:${port}\n`);
  });

  it('and ends while it is being bound leaves no port behind', async () => {
    const port = await freePort();
    const instance = fakeInstance(at(port).grants);
    const { createTcpSocket } = instance.imports['wasi:sockets/tcp-create-socket'] as {
      createTcpSocket(family: 'ipv4'): { startBind(network: object, local: object): void };
    };
    createTcpSocket('ipv4').startBind({}, toWitSocket('127.0.0.1', port));
    instance.dispose();
    expect((await tcp.run(`listen 127.0.0.1:${port}`, at(port))).said).toBe(`listen=127.0.0.1:${port}\n`);
  });

  it('and leaves it open at the end of the job is thrown away, and the port with it', async () => {
    const port = await freePort();
    const instance: Kept = await tcp.keep(at(port));
    expect(await instance.run(steps(`listen 127.0.0.1:${port}`, 'unlisten'))).toBe(
      `listen=127.0.0.1:${port}\nunlisten=\n`,
    );
    expect(instance.reset()).toBe(true);
    await instance.run(steps(`listen 127.0.0.1:${port}`, 'leave'));
    const { socket } = await client(port);
    expect(instance.reset()).toBe(false);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    instance.dispose();
    await closed;
    expect((await tcp.run(`listen 127.0.0.1:${port}`, at(port))).said).toBe(`listen=127.0.0.1:${port}\n`);
  });
});
