/** The executor contract, kept by plugins in Go that are processes; and what only processes promise. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { MarkedLines } from '../../../runtime/capabilities/capability.ts';
import type { PluginInstance } from '../../../runtime/executor/executor.ts';
import { ProcessExecutor } from '../../../runtime/executor/process/process-executor.ts';
import { defaultLimits } from '../../../runtime/model/limits.ts';
import { goPlugin, hasGoPlugins } from '../../support/go-plugins.ts';
import { executorConformance } from '../conformance.ts';
import { PluginUnderTest } from '../plugin-under-test.ts';

/** Where the executors of these tests have their folders. */
const temporary = mkdtempSync(join(tmpdir(), 'processes-'));
process.env.TMPDIR = temporary;
afterAll(() => rmSync(temporary, { recursive: true }));

/** What processes leave: children that live or were not waited for, and folders. */
function leftovers() {
  const children = execFileSync('ps', ['-o', 'stat=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' });
  return {
    children: children.split('\n').filter((line) => line.includes(temporary) || line.includes('defunct')),
    folders: readdirSync(temporary),
  };
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(execFileSync('cat', [`/proc/${pid}/status`], { encoding: 'utf8', stdio: 'pipe' }));
  } catch {
    return false;
  }
}

describe.skipIf(!hasGoPlugins)('plugins in Go', () => {
  it('end with a server that exits without closing them', async () => {
    const folder = mkdtempSync(join(temporary, 'exit-'));
    const script = join(import.meta.dirname, '..', '..', 'support', 'exit-early.ts');
    const env = { ...process.env, TMPDIR: folder };
    const said = execFileSync(process.execPath, [script, goPlugin('misbehaves')], { env, encoding: 'utf8' });
    expect(said).toMatch(/^\d+\n$/);
    await vi.waitFor(() => expect(isAlive(Number(said))).toBe(false), { timeout: 20_000 });
    expect(readdirSync(folder)).toEqual([]);
  });

  executorConformance(
    'processes',
    async () => ({
      executor: new ProcessExecutor({ limits: defaultLimits, onLog: () => undefined }),
      plugin: goPlugin,
    }),
    { place: /panics\/main\.go:\d+/, index: /index out of range/, none: /nil pointer dereference/ },
  );

  describe('a plugin in a process', () => {
    let executor: ProcessExecutor;
    let probe: PluginUnderTest;
    let panics: PluginUnderTest;
    const logged: MarkedLines[] = [];
    const say = async (instance: PluginInstance, what: string): Promise<string> => {
      const outcome = await instance.run(probe.call('run', what));
      if (!outcome.ok) throw new Error(outcome.error.message);
      return Buffer.from(outcome.output).toString();
    };
    beforeAll(async () => {
      process.env.HOST_SECRET = 'for nobody';
      const limits = { ...defaultLimits, outputBytes: 100_000, metadataBytes: 1000, logBytesPerSecond: 20_000 };
      executor = new ProcessExecutor({ limits, onLog: (lines) => logged.push(lines) });
      probe = await PluginUnderTest.admit(executor, goPlugin('misbehaves'));
      panics = await PluginUnderTest.admit(executor, goPlugin('panics'));
    });
    afterAll(() => executor.close());

    it('sees of the environment what is granted, and a short list', async () => {
      const names = (await say(probe.instance('per-job', {}, { env: { TOKEN: 'granted' } }), 'env')).split('\n');
      expect(names).toContain('TOKEN=granted');
      expect(names.join('\n')).not.toContain('for nobody');
      const known =
        /^(PATH|LANG|LC_\w+|TZ|SSL_CERT_(FILE|DIR)|TMPDIR|TOKEN|BULKHEAD_PLUGIN|PLUGIN_(PROTOCOL_VERSIONS|UNIX_SOCKET_DIR|M(IN|AX)_PORT|CLIENT_CERT))=/;
      const certificate = /^[A-Za-z0-9+/=-]|^-----|^$/;
      expect(names.filter((line) => /^[A-Z_]+=/.test(line) && !known.test(line))).toEqual([]);
      expect(names.some((line) => certificate.test(line))).toBe(true);
    });

    it('inherits no descriptor', async () => {
      const targets = (await say(probe.instance('per-job'), 'descriptors')).split('\n');
      const own = /^(\/dev\/null|pipe:|socket:|anon_inode:|\/proc\/\d+\/fd|\/sys\/fs\/cgroup)/;
      expect(targets.filter((target) => !own.test(target))).toEqual([]);
    });

    it('takes with it what it started, and its temporary files', async () => {
      const forking = probe.instance('per-job');
      const pid = Number(await say(forking, 'fork'));
      await say(forking, 'litter behind');
      await forking.dispose();
      await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 20_000 });
    });

    it('has its lines marked with the job, on either way, with what its logger says of them', async () => {
      const echo = await PluginUnderTest.admit(executor, goPlugin('echo'));
      const call = echo.call('log', { text: 'a line' });
      // Of a process that is shut down go-plugin drops what was not read yet; a kept one stays.
      const kept = echo.instance('kept');
      await kept.run(call);
      const lines = () => logged.filter(({ jobId }) => jobId === call.job.jobId).flatMap((batch) => batch.lines);
      await vi.waitFor(() => expect(lines()).toHaveLength(2), { timeout: 20_000 });
      await kept.dispose();
      expect(lines()).toContainEqual({ level: 'info', target: 'stdout', message: 'a line', fields: [] });
      const shelf = { key: 'shelf', value: '7' };
      expect(lines()).toContainEqual({ level: 'warn', target: 'echo', message: 'a line', fields: [shelf] });
    });

    it('has what it writes read, whatever it writes, and is told how much was left out', async () => {
      const flooding = probe.instance('kept');
      const batches = () => logged.filter(({ lines }) => lines.some(({ message }) => /^x{99}$/.test(message)));
      expect(await say(flooding, 'flood')).toBe('flooded');
      // What is left out is told with the first line of a second that has room.
      await vi.waitFor(
        async () => {
          await say(flooding, 'flood');
          expect(batches().some(({ dropped }) => dropped > 1000)).toBe(true);
        },
        { timeout: 10_000 },
      );
      expect(batches().length).toBeLessThan(5000);
    });

    it('may tidy up when its job is cancelled, as long as it is given', async () => {
      const file = join(temporary, 'tidied');
      const tidies = async (cancel: number) => {
        const patient = new ProcessExecutor({ limits: defaultLimits, onLog: () => undefined, times: { cancel } });
        const plugin = await PluginUnderTest.admit(patient, goPlugin('misbehaves'));
        const stop = new AbortController();
        const job = plugin.instance('kept').run(plugin.call('run', `tidy ${file}`), { signal: stop.signal });
        setTimeout(() => stop.abort(), 1000);
        expect(await job).toMatchObject({ ok: false, error: { code: 'cancelled' } });
        await patient.close();
        return existsSync(file);
      };
      expect(await tidies(50)).toBe(false);
      expect(await tidies(20_000)).toBe(true);
    });

    it('is held to the caps of what it answers', async () => {
      const big = await PluginUnderTest.admit(executor, goPlugin('big-output'));
      const kept = big.instance('kept');
      const codeOf = async (args: string, metadata = {}) => {
        const outcome = await kept.run(big.call('run', args, metadata));
        return outcome.ok ? 'ok' : outcome.error.code;
      };
      expect(await codeOf('100000')).toBe('ok');
      expect(await codeOf('100001')).toBe('limit-output');
      expect(await codeOf('10000000')).toBe('limit-output');
      expect(await codeOf('2000', { big: 'yes' })).toBe('limit-metadata');
      expect(await codeOf('1')).toBe('ok');
    });

    it('is not blamed for what it wrote in the job before', async () => {
      const kept = probe.instance('kept');
      await say(kept, "stderr thread 'pool' panicked at src/lib.rs:1:1:");
      const outcome = await kept.run(probe.call('run', 'exit'));
      expect(outcome).toMatchObject({ error: { code: 'plugin-exited', message: 'the plugin called exit(4)' } });
    });

    it('tells the signal that ended it', async () => {
      const outcome = await panics.instance('per-job').run(panics.call('run', { where: 'run', how: 'kill' }));
      expect(outcome).toMatchObject({
        ok: false,
        error: { code: 'plugin-trapped', message: expect.stringContaining('SIGKILL'), details: { signal: 'SIGKILL' } },
      });
    });

    it('is refused for a while where it crashes again and again in load', async () => {
      const crashing = panics.instance('per-job', { load: 'panic', message: 'in load' });
      const codes: string[] = [];
      for (let i = 0; i < 4; i++) {
        const outcome = await crashing.run(panics.call('run', {}));
        codes.push(outcome.ok ? 'ok' : `${outcome.error.code} ${outcome.error.details?.reason ?? ''}`.trim());
        if (i === 3 && !outcome.ok) expect(outcome.error.message).toMatch(/3 times in a row.*in load/);
      }
      expect(codes).toEqual([
        'plugin-panicked',
        'plugin-panicked',
        'plugin-panicked',
        'plugin-start-failed crash-loop',
      ]);
      const other = await panics.instance('per-job').run(panics.call('run', { message: 'fine' }));
      expect(other.ok).toBe(true);
    });
  });

  it('leaves nothing behind a storm of panics', async () => {
    const before = leftovers().folders;
    const executor = new ProcessExecutor({ limits: defaultLimits, onLog: () => undefined });
    const panics = await PluginUnderTest.admit(executor, goPlugin('panics'));
    const slots = [panics.instance('kept'), panics.instance('kept'), panics.instance('per-job')];
    const codes = new Map<string, number>();
    let next = 0;
    const work = async (slot: PluginInstance) => {
      while (next < 200) {
        const job = next++;
        const where = job % 10 === 0 ? 'run' : '';
        const outcome = await slot.run(panics.call('run', { where, message: `job ${job}` }));
        if (outcome.ok) expect(panics.read('run', outcome.output)).toEqual({ message: `job ${job}` });
        const code = outcome.ok ? 'ok' : outcome.error.code;
        if (!outcome.ok) expect(outcome.error.message).toMatch(new RegExp(`job ${job}$`));
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    };
    await Promise.all(slots.map(work));
    expect(Object.fromEntries(codes)).toEqual({ ok: 180, 'plugin-panicked': 20 });
    await Promise.all(slots.map((slot) => slot.dispose()));
    await executor.close();
    expect(leftovers()).toEqual({ children: [], folders: before });
  });
});
