/** What every executor must do, whatever it runs plugins in. Call it with a way to make one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BulkheadError } from '../../runtime/errors.ts';
import type { Executor, PluginInstance } from '../../runtime/executor/executor.ts';
import type { CallOutcome } from '../../runtime/model/call.ts';
import { collect, PluginUnderTest } from './plugin-under-test.ts';

/** An executor, and where it finds the plugins that the suite needs. */
export interface Subject {
  readonly executor: Executor;
  /** The file of a test plugin or example, by folder name. */
  plugin(name: 'echo' | 'panics' | 'guide-feed' | 'spin' | 'big-output'): string;
}

/** What the plugins' language says of what it did wrong. */
export interface Words {
  /** Where the plugin `panics` panics on purpose, with line and column as far as they are known. */
  readonly place: RegExp;
  readonly index: RegExp;
  readonly none: RegExp;
}

const rust: Words = { place: /fail\.rs:\d+:\d+/, index: /index out of bounds/, none: /None/ };

function errorOf(outcome: CallOutcome): { code: string; message: string } {
  if (outcome.ok) throw new Error('the call succeeded');
  return outcome.error;
}

export function executorConformance(name: string, makeSubject: () => Promise<Subject>, words: Words = rust): void {
  describe(`the executor contract: ${name}`, () => {
    let subject: Subject;
    let echo: PluginUnderTest;
    let panics: PluginUnderTest;
    const open: PluginInstance[] = [];
    const instance = (plugin: PluginUnderTest, isolation: 'per-job' | 'kept', settings?: unknown): PluginInstance => {
      const made = plugin.instance(isolation, settings);
      open.push(made);
      return made;
    };
    const text = async (of: PluginInstance, using: string, args: unknown) => {
      const outcome = await of.run(echo.call(using, args));
      if (!outcome.ok) throw new Error(outcome.error.message);
      return echo.read(using, outcome.output);
    };

    beforeAll(async () => {
      subject = await makeSubject();
      echo = await PluginUnderTest.admit(subject.executor, subject.plugin('echo'));
      panics = await PluginUnderTest.admit(subject.executor, subject.plugin('panics'));
    });
    afterAll(async () => {
      await Promise.all(open.map((each) => each.dispose()));
      await subject.executor.close();
    });

    describe('describing', () => {
      it('tells name, methods and output types', () => {
        const { runner } = echo.plugin;
        expect(runner.name).toBe('Echo');
        const types = Object.fromEntries(runner.methods.map(({ name: method, outputType }) => [method, outputType]));
        expect(types).toMatchObject({ run: 'non-streaming', stream: 'streaming' });
        expect(runner.settingsProto).toContain('message EchoSettings');
      });
    });

    describe('running', () => {
      it('gives the result of the method named', async () => {
        expect(await text(instance(echo, 'per-job'), 'run', { text: 'ab', repeat: 3 })).toMatchObject({
          text: 'ababab',
        });
      });

      it('carries metadata both ways, names of the prototype among them', async () => {
        const outcome = await instance(echo, 'per-job').run(
          echo.call('run', { text: 'x' }, JSON.parse('{"tenant":"blue","__proto__":"p"}') as Record<string, string>),
        );
        expect(Object.entries(outcome.metadata).sort()).toEqual([
          ['TENANT', 'blue'],
          ['__PROTO__', 'p'],
        ]);
      });

      it('loads each instance with its own settings', async () => {
        const [left, right] = [instance(echo, 'kept', { prefix: 'L' }), instance(echo, 'kept', { prefix: 'R' })];
        expect(await text(left, 'run', { text: '1' })).toMatchObject({ text: 'L1' });
        expect(await text(right, 'run', { text: '2' })).toMatchObject({ text: 'R2' });
        expect(await text(left, 'run', { text: '3' })).toMatchObject({ text: 'L3' });
      });

      it('shows each per-job call the state after load, and a kept instance its own', async () => {
        const fresh = instance(echo, 'per-job');
        for (let i = 0; i < 3; i++) expect(await text(fresh, 'run', { text: '' })).toMatchObject({ calls: 1 });
        const kept = instance(echo, 'kept');
        for (let i = 1; i <= 3; i++) expect(await text(kept, 'run', { text: '' })).toMatchObject({ calls: i });
      });

      it('tells the plugin its job', async () => {
        const call = echo.call('job', {});
        const outcome = await instance(echo, 'per-job').run(call);
        expect(outcome.ok && echo.read('job', outcome.output)).toMatchObject({ text: `${call.job.jobId}/tester/1` });
      });

      it('takes and gives a megabyte', async () => {
        const long = 'é'.repeat(500_000);
        expect(await text(instance(echo, 'per-job'), 'run', { text: long })).toMatchObject({ text: long });
      });

      it('waits in many instances at once', async () => {
        const start = performance.now();
        const waits = Array.from({ length: 40 }, (_, i) =>
          text(instance(echo, 'kept'), 'slow', { text: `${i}`, millis: 300 }),
        );
        expect((await Promise.all(waits)).map((answer) => (answer as { text: string }).text)).toEqual(
          Array.from({ length: 40 }, (_, i) => `${i}`),
        );
        expect(performance.now() - start).toBeLessThan(40 * 300);
      });
    });

    describe('failing', () => {
      it('gives an error that the plugin returned, with its causes, and keeps the instance', async () => {
        const kept = instance(echo, 'kept');
        const outcome = await kept.run(echo.call('fail', { message: 'no luck' }, { a: 'b' }));
        expect(errorOf(outcome)).toMatchObject({ code: 'plugin-failed', message: 'no luck: the reason: the root' });
        expect(outcome.metadata).toEqual({ A: 'b' });
        await text(kept, 'run', { text: '' });
        expect(await text(kept, 'run', { text: '' })).toMatchObject({ calls: 2 });
      });

      it.each(['per-job', 'kept'] as const)(
        'gives message and place of a panic, and serves the next call: %s',
        async (isolation) => {
          const failing = instance(panics, isolation);
          const outcome = await failing.run(panics.call('run', { where: 'run', message: 'out of cheese' }));
          expect(errorOf(outcome)).toMatchObject({
            code: 'plugin-panicked',
            message: expect.stringMatching(new RegExp(`${words.place.source}: out of cheese$`)),
          });
          const next = await failing.run(panics.call('run', { message: 'still here' }));
          expect(next.ok && panics.read('run', next.output)).toEqual({ message: 'still here' });
        },
      );

      it.each([
        ['index', 'plugin-panicked', words.index],
        ['unwrap', 'plugin-panicked', words.none],
        ['overflow', 'plugin-trapped', /./],
        ['abort', 'plugin-trapped', /./],
        ['exit', 'plugin-exited', /exit\(1\)/],
      ])('survives %s', async (how, code, message) => {
        const failing = instance(panics, 'kept');
        const outcome = await failing.run(panics.call('run', { where: 'run', how, message: 'm' }));
        expect(errorOf(outcome)).toMatchObject({ code, message: expect.stringMatching(message) });
        expect((await failing.run(panics.call('run', { message: 'next' }))).ok).toBe(true);
      });

      it('says that load refused the settings, and that load panicked', async () => {
        const refusing = instance(panics, 'kept', { load: 'error', message: 'bad key' });
        await expect(refusing.load()).rejects.toMatchObject({
          code: 'load-failed',
          message: expect.stringContaining('bad key'),
        });
        expect(errorOf(await refusing.run(panics.call('run', {})))).toMatchObject({ code: 'load-failed' });
        const panicking = instance(panics, 'per-job', { load: 'panic', message: 'in load' });
        expect(errorOf(await panicking.run(panics.call('run', {})))).toMatchObject({
          code: 'plugin-panicked',
          message: expect.stringMatching(/^in load\(\): .*in load$/),
        });
      });

      it('refuses a second call while one is under way, as a defect of the caller', async () => {
        const busy = instance(echo, 'kept');
        const first = busy.run(echo.call('slow', { text: 'first', millis: 100 }));
        await expect(busy.run(echo.call('run', {}))).rejects.toMatchObject({ code: 'internal' });
        expect((await first).ok).toBe(true);
      });
    });

    describe('ending calls from outside', () => {
      const deadline = new BulkheadError('deadline-exceeded', 'too late');

      it.each(['per-job', 'kept'] as const)(
        'ends a call that waits, with the reason of the signal: %s',
        async (isolation) => {
          const waiting = instance(echo, isolation);
          const stop = new AbortController();
          setTimeout(() => stop.abort(deadline), 50);
          const start = performance.now();
          const outcome = await waiting.run(echo.call('slow', { text: '', millis: 10_000 }), { signal: stop.signal });
          expect(errorOf(outcome)).toMatchObject({ code: 'deadline-exceeded', message: 'too late' });
          expect(performance.now() - start).toBeLessThan(5000);
          expect(await text(waiting, 'run', { text: 'next' })).toMatchObject({ text: 'next', calls: 1 });
        },
      );

      it('ends a call that was cancelled before it began', async () => {
        const outcome = await instance(echo, 'per-job').run(echo.call('run', {}), { signal: AbortSignal.abort() });
        expect(errorOf(outcome)).toMatchObject({ code: 'cancelled' });
      });

      it.each(['per-job', 'kept'] as const)(
        'ends a call that is cancelled as soon as it was made, on an executor that has run nothing: %s',
        async (isolation) => {
          const { executor, plugin } = await makeSubject();
          const admitted = await PluginUnderTest.admit(executor, plugin('echo'));
          const waiting = admitted.instance(isolation);
          const stop = new AbortController();
          const call = waiting.run(admitted.call('slow', { text: '', millis: 60_000 }), { signal: stop.signal });
          stop.abort(deadline);
          expect(errorOf(await call)).toMatchObject({ code: 'deadline-exceeded', message: 'too late' });
          expect((await waiting.run(admitted.call('run', { text: 'next' }))).ok).toBe(true);
          await executor.close();
        },
      );

      it('ends an endless loop', async () => {
        const spin = await PluginUnderTest.admit(subject.executor, subject.plugin('spin'));
        const looping = instance(spin, 'kept');
        const outcome = await looping.run(spin.call('run', ''), { signal: AbortSignal.timeout(100) });
        expect(errorOf(outcome)).toMatchObject({ code: 'cancelled' });
        expect(await text(instance(echo, 'per-job'), 'run', { text: 'alive' })).toMatchObject({ text: 'alive' });
      });

      it('ends the call of an instance that is disposed, and takes no call after it', async () => {
        const doomed = instance(echo, 'kept');
        const call = doomed.run(echo.call('slow', { text: '', millis: 10_000 }));
        await new Promise((resolve) => setTimeout(resolve, 50));
        await doomed.dispose();
        expect(errorOf(await call)).toMatchObject({ code: 'cancelled' });
        await expect(doomed.run(echo.call('run', {}))).rejects.toMatchObject({ code: 'internal' });
      });
    });

    describe('streaming', () => {
      it.each(['per-job', 'kept'] as const)('gives the chunks in order, then the end: %s', async (isolation) => {
        const streaming = instance(echo, isolation);
        for (let round = 0; round < 2; round++) {
          const stream = streaming.stream(echo.call('stream', { text: 'c', chunks: 4, interval: 1 }));
          const chunks = await collect(stream);
          expect(chunks.map((chunk) => (echo.read('stream', chunk) as { text: string }).text)).toHaveLength(4);
          expect(await stream.end).toMatchObject({ ok: true, metadata: {} });
        }
      });

      it('gives each chunk as soon as the plugin yields it', async () => {
        const stream = instance(echo, 'per-job').stream(echo.call('stream', { text: 'c', chunks: 3, interval: 200 }));
        const times: number[] = [];
        for await (const _ of stream) times.push(performance.now());
        expect((times[2] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(300);
      });

      it('ends the job of a reader that goes away, and serves the next', async () => {
        const streaming = instance(echo, 'kept');
        const stream = streaming.stream(echo.call('stream', { text: 'c', chunks: 1_000_000, interval: 0 }));
        for await (const _ of stream) break;
        expect(await stream.end).toMatchObject({ ok: false, error: { code: 'cancelled' } });
        expect(await text(streaming, 'run', { text: 'next' })).toMatchObject({ text: 'next' });
      });

      it('ends a stream when its signal is aborted between two chunks', async () => {
        const stop = new AbortController();
        const stream = instance(echo, 'kept').stream(
          echo.call('stream', { text: 'c', chunks: 1_000_000, interval: 1 }),
          {
            signal: stop.signal,
          },
        );
        let chunks = 0;
        for await (const _ of stream) if (++chunks === 3) stop.abort();
        expect(await stream.end).toMatchObject({ ok: false, error: { code: 'cancelled' } });
        expect(chunks).toBe(3);
      });

      it.each(['begin_stream', 'receive_stream'])('gives the panic of %s', async (where) => {
        const failing = instance(panics, 'kept');
        const stream = failing.stream(panics.call('run', { where, message: 'mid-air', at_chunk: 2, chunks: 5 }));
        expect(await collect(stream)).toHaveLength(where === 'begin_stream' ? 0 : 2);
        expect(await stream.end).toMatchObject({
          ok: false,
          error: { code: 'plugin-panicked', message: expect.stringMatching(/mid-air$/) },
        });
        expect((await failing.run(panics.call('run', { message: 'next' }))).ok).toBe(true);
      });
    });

    describe('feeding', () => {
      it('brings what is fed into the stream, and ends with the feed', async () => {
        const levels = await PluginUnderTest.admit(subject.executor, subject.plugin('guide-feed'));
        const feeding = instance(levels, 'kept');
        const chunk = (bytes: number[]) =>
          levels.schemas.method('run').feed?.fromJson({ pcm: Buffer.from(bytes).toString('base64') }) ??
          new Uint8Array();
        for (let round = 0; round < 2; round++) {
          const stream = feeding.stream(levels.call('run', { window: 2 }));
          const chunks = collect(stream);
          expect(await stream.begun).toBe(true);
          for (const bytes of [[1, 9], [5, 2], [7]]) await feeding.feed(chunk(bytes), false);
          await feeding.feed(new Uint8Array(), true);
          expect((await chunks).map((bytes) => levels.read('run', bytes))).toEqual([
            { peak: 9, bytes: 2 },
            { peak: 5, bytes: 2 },
            { peak: 7, bytes: 1 },
          ]);
          expect(await stream.end).toMatchObject({ ok: true });
        }
        await expect(feeding.feed(chunk([1]), false)).rejects.toMatchObject({ code: 'field-invalid' });
      });

      it('refuses to feed a job that takes no feed', async () => {
        const streaming = instance(echo, 'kept');
        const chunks = collect(streaming.stream(echo.call('stream', { text: 'c', chunks: 2, interval: 50 })));
        await new Promise((resolve) => setTimeout(resolve, 30));
        await expect(streaming.feed(new Uint8Array([1]), false)).rejects.toMatchObject({ code: 'field-invalid' });
        expect(await chunks).toHaveLength(2);
      });
    });

    describe('dismissing', () => {
      it('lets calls under way end, also the next ones of an instance that is there, and makes no new instance', async () => {
        const dismissed = await PluginUnderTest.admit(subject.executor, subject.plugin('big-output'));
        const kept = instance(dismissed, 'kept');
        const underWay = kept.run(dismissed.call('run', '10'));
        subject.executor.dismiss(dismissed.plugin);
        expect((await underWay).ok).toBe(true);
        expect((await kept.run(dismissed.call('run', '10'))).ok).toBe(true);
        expect(() => dismissed.instance('kept')).toThrow(/not admitted/);
        await kept.dispose();
      });

      it('keeps a plugin whose file was admitted once more, and takes one again that was gone', async () => {
        const [first, second] = [
          await PluginUnderTest.admit(subject.executor, subject.plugin('big-output')),
          await PluginUnderTest.admit(subject.executor, subject.plugin('big-output')),
        ];
        subject.executor.dismiss(first.plugin);
        await second.instance('per-job').dispose();
        subject.executor.dismiss(second.plugin);
        expect(() => second.instance('per-job')).toThrow(/not admitted/);
        const again = await PluginUnderTest.admit(subject.executor, subject.plugin('big-output'));
        await instance(again, 'kept').load();
      });
    });
  });
}
