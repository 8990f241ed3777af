/** The log: what a program reads, what a person reads, and that neither a plugin nor a reader can do harm by it. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { root } from '../../runtime/cli/toolbox/paths.mjs';
import type { LogEvent } from '../../runtime/telemetry/events.ts';
import { openLog } from '../../runtime/telemetry/log.ts';
import { logLine } from '../../runtime/telemetry/log-text.ts';
import { type PluginLines, PluginLog } from '../../runtime/telemetry/plugin-log.ts';
import { testPlugin } from '../support/artifacts.ts';
import { ended, lineOf, startNode } from '../support/cli.ts';
import { logLines, type Served, serveProcess } from '../support/served.ts';

describe('the log', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bulkhead-log-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** What a log with these options writes of the events. */
  async function written(options: Parameters<typeof openLog>[0], events: readonly LogEvent[]): Promise<string> {
    const path = join(folder, 'log');
    const fd = openSync(path, 'w');
    const { sink } = openLog({ ...options, fd });
    for (const event of events) sink(event);
    sink({ level: 'error', message: 'the end' });
    await expect.poll(() => readFileSync(path, 'utf8')).toMatch(/the end/);
    closeSync(fd);
    return readFileSync(path, 'utf8');
  }

  it('has one JSON object a line, with ids as texts and errors as objects', async () => {
    const error = Object.assign(new Error('no\nluck'), { code: 'ENOENT' });
    const text = await written({ level: 'info', format: 'json' }, [
      { level: 'error', message: 'a line\nbreak', fields: { job: 2n ** 60n, error, 'plugin."key': '"x"' } },
    ]);
    const [line = {}, ...rest] = logLines(text);
    expect(rest).toHaveLength(1);
    expect(line).toMatchObject({
      level: 'error',
      msg: 'a line\nbreak',
      job: '1152921504606846976',
      error: { type: 'Error', message: 'no\nluck', code: 'ENOENT', stack: expect.stringContaining('log.test.ts') },
      'plugin."key': '"x"',
    });
    expect(Date.parse(String(line['time']))).toBeGreaterThan(Date.now() - 60_000);
  });

  it.each(['json', 'text'] as const)('leaves out what is below its level: %s', async (format) => {
    const levels = ['trace', 'debug', 'info', 'warn', 'error'] as const;
    const text = await written(
      { level: 'warn', format },
      levels.map((level) => ({ level, message: `at ${level}` })),
    );
    expect(text.match(/at \w+/g)).toEqual(['at warn', 'at error']);
  });

  it('lets no text move the cursor of a terminal or begin a line', () => {
    const line = logLine({ level: 'info', message: 'x\u001b[2J\r\nerror fake', fields: { k: '\u0007', n: [1n] } });
    expect(line).toBe('info  x\\u001b[2J\\u000d\\u000aerror fake k=\\u0007 n=["1"]');
  });

  it('keeps its bound where nobody reads, and says what it left out', async () => {
    const child = startNode([join(root, 'test', 'support', 'log-flood.ts')]);
    try {
      child.stderr?.pause();
      const [, dropped] = await lineOf(child, /left out (\d+)/);
      expect(Number(dropped)).toBeGreaterThan(5000);
      child.stderr?.resume();
      const { stderr } = await ended(child);
      expect(logLines(stderr)).toHaveLength(10_000 - Number(dropped) + 1);
      expect(logLines(stderr).at(-1)).toMatchObject({
        level: 'warn',
        msg: `${dropped} lines were left out: nobody read them in time`,
      });
    } finally {
      child.kill('SIGKILL');
    }
  });
});

describe("plugins' lines", () => {
  const line = (message: string, fields: PluginLines['lines'][number]['fields'] = []) =>
    ({ level: 'info', target: 'stdout', message, fields }) as const;
  const lines = (more: Partial<PluginLines>): PluginLines => ({
    digest: 'd'.repeat(64),
    jobId: 7n,
    workerName: 'w',
    lines: [],
    dropped: 0,
    ...more,
  });

  function plugins(bytesPerSecond: number) {
    const events: LogEvent[] = [];
    const clock = { ms: 1_000_000 };
    const nameOf = (digest: string) => (digest.startsWith('d') ? 'Echo' : undefined);
    const log = new PluginLog({ log: (event) => events.push(event), bytesPerSecond, nameOf, now: () => clock.ms });
    return { events, clock, log };
  }

  it('are marked with job, worker, plugin, caller and trace', () => {
    const { events, log } = plugins(10_000);
    log.take(lines({ caller: 'ann', trace: 'abc', lines: [line('hello', [{ key: 'a b', value: '1' }])] }));
    log.take(lines({ digest: 'f00'.repeat(10), jobId: undefined, workerName: undefined, lines: [line('at load')] }));
    expect(events).toEqual([
      {
        level: 'info',
        message: 'hello',
        fields: {
          'plugin.a_b': '1',
          job: 7n,
          worker: 'w',
          plugin: 'Echo',
          caller: 'ann',
          trace: 'abc',
          target: 'stdout',
        },
      },
      {
        level: 'info',
        message: 'at load',
        fields: { job: undefined, worker: undefined, plugin: 'f00f00f00f00', target: 'stdout' },
      },
    ]);
  });

  it('cannot take the names of the marks', () => {
    const { events, log } = plugins(10_000);
    log.take(
      lines({
        lines: [
          line('x', [
            { key: 'job', value: '1' },
            { key: '__proto__', value: '2' },
          ]),
        ],
      }),
    );
    expect(events[0]?.fields).toMatchObject({ job: 7n, 'plugin.job': '1', 'plugin.__proto__': '2' });
  });

  it('are cut to a size', () => {
    const { events, log } = plugins(10_000_000);
    const fields = Array.from({ length: 100 }, (_, index) => ({ key: `k${index}`, value: 'v'.repeat(5000) }));
    log.take(lines({ lines: [line('m'.repeat(100_000), fields)] }));
    expect(events[0]?.message).toMatch(/^m{8192}… \(91808 more\)$/);
    expect(JSON.stringify({ ...events[0]?.fields, job: '' }).length).toBeLessThan(50_000);
  });

  it('are bounded for all plugins together, and what is left out is told with the next second', () => {
    const { events, clock, log } = plugins(1000);
    for (let i = 0; i < 50; i++) log.take(lines({ lines: [line('x'.repeat(100))] }));
    const admitted = events.length;
    expect(admitted).toBeGreaterThan(0);
    expect(admitted).toBeLessThan(10);
    expect(log.dropped).toBe(50 - admitted);
    clock.ms += 1000;
    log.take(lines({ lines: [line('later')] }));
    expect(events.slice(admitted).map(({ level, message }) => `${level} ${message}`)).toEqual([
      `warn ${50 - admitted} lines of plugins were left out: together they log more than 1000 bytes a second`,
      'info later',
    ]);
  });
});

describe('the log of a server', () => {
  let served: Served | undefined;
  afterEach(() => served?.stop());

  const text = (value: string) => Buffer.concat([Buffer.from([10, value.length]), Buffer.from(value)]);

  it('is JSON for a program, each line of a plugin marked', async () => {
    served = await serveProcess([testPlugin('echo')], ['--log-level', 'debug']);
    await served.worker('Echo', 'loud');
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const { id } = await served.client.unary(
      'jobworkerp.service.JobService',
      'Enqueue',
      { worker_name: 'loud', using: 'log', args: text('hear, hear') },
      { headers: { traceparent: `00-${trace}-b7ad6b7169203331-01` } },
    );
    const { code, stderr } = await served.stop();
    expect(code).toBe(0);
    const heard = logLines(stderr).filter(({ msg }) => msg === 'hear, hear');
    expect(heard.map(({ level }) => level)).toEqual(['debug', 'info', 'warn', 'error']);
    for (const line of heard)
      expect(line).toMatchObject({ job: String(id?.value), worker: 'loud', plugin: 'Echo', trace, target: 'echo' });
    expect(logLines(stderr).map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(['listening', expect.stringMatching(/^stopping/), 'stopped']),
    );
  });

  it('has no text beside its lines where it is to be JSON', async () => {
    served = await serveProcess([testPlugin('echo'), testPlugin('broken-proto')], ['--log-level', 'info']);
    const { stderr } = await served.stop();
    expect(logLines(stderr)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          level: 'warn',
          msg: 'a plugin was refused',
          reason: expect.stringContaining('line 3'),
        }),
        expect.objectContaining({ level: 'info', msg: 'listening', plugins: ['Echo'] }),
      ]),
    );
  });

  it('is text where that is asked for', async () => {
    served = await serveProcess([testPlugin('echo')], ['--log-format', 'text', '--log-level', 'warn']);
    await served.worker('Echo', 'loud');
    await served.client.unary('jobworkerp.service.JobService', 'Enqueue', {
      worker_name: 'loud',
      using: 'log',
      args: text('hear, hear'),
    });
    const { stderr } = await served.stop();
    expect(stderr).toMatch(/^warn {2}hear, hear level=Warn job=\d+ worker=loud target=echo\nerror hear, hear .*\n$/);
  });

  it('does not hold up jobs where nobody reads it', async () => {
    served = await serveProcess([testPlugin('echo')], ['--log-level', 'trace']);
    served.child.stderr?.pause();
    const args = Buffer.concat([Buffer.from([10, 0xe8, 0x07]), Buffer.alloc(1000, 'x')]);
    const { client, worker } = served;
    // Far more than a pipe holds; each instance may log a quarter of a megabyte a second.
    const loud = async (name: string): Promise<void> => {
      await worker('Echo', name);
      const job = { worker_name: name, using: 'log', args };
      for (let i = 0; i < 70; i++) await client.unary('jobworkerp.service.JobService', 'Enqueue', job);
    };
    await Promise.all(['a', 'b', 'c', 'd'].map(loud));
    served.child.stderr?.resume();
    const { code, stderr } = await served.stop();
    expect(code).toBe(0);
    expect(logLines(stderr).length).toBeGreaterThan(100);
    expect(stderr.length).toBeGreaterThan(500_000);
  });
});
