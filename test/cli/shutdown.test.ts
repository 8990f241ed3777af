/** How a server ends: by real signals to a real process, with jobs under way. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { WireClient } from '../../runtime/api/client.ts';
import { QueueType, ResultStatus, type WorkerData } from '../../runtime/model/messages.gen.ts';
import { testPlugin } from '../support/artifacts.ts';
import { bulkhead, ended, launcher, lineOf, startNode } from '../support/cli.ts';
import { healthOf, logLines, type Served, serveProcess } from '../support/served.ts';

/** Arguments of Echo's method `slow`. */
function millis(ms: number): Buffer {
  const bytes = [0x10];
  for (let rest = ms; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

describe('a server that is told to stop', () => {
  let served: Served;
  afterEach(() => served.stop());

  async function start(args: readonly string[], data: Partial<WorkerData> = {}): Promise<void> {
    served = await serveProcess([testPlugin('echo'), testPlugin('spin')], ['--log-level', 'debug', ...args]);
    await served.worker('Echo', 'slow', data);
  }
  const submit = (ms: number) =>
    served.client.unary('jobworkerp.service.JobService', 'Enqueue', {
      worker_name: 'slow',
      using: 'slow',
      args: millis(ms),
    });
  /** Resolves once so many jobs run. */
  const running = (count: number) =>
    expect
      .poll(async () => {
        const { total } = await served.client.unary('jobworkerp.service.JobService', 'Count', {});
        return Number(total);
      })
      .toBe(count);
  /** Resolves once it has begun to stop. */
  const stopping = () => expect.poll(() => healthOf(served.port)).toBe(2);

  it('lets jobs under way end, answers them, and takes no new ones', async () => {
    await start(['--drain', '20000']);
    const job = submit(1500);
    await running(1);
    served.child.kill('SIGTERM');
    await stopping();
    await expect(submit(1)).rejects.toThrow(/UNAVAILABLE: the server is stopping/);
    expect((await job).result?.data?.status).toBe(ResultStatus.SUCCESS);
    const { code, stderr } = await served.end;
    expect(code).toBe(0);
    expect(logLines(stderr).map(({ msg }) => msg)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^stopping/), 'stopped']),
    );
  });

  it('lets those that wait have their turn too', async () => {
    await start(['--drain', '20000', '--concurrency', '1']);
    const jobs = [submit(400), submit(400), submit(400)];
    await running(3);
    served.child.kill('SIGINT');
    const statuses = (await Promise.all(jobs)).map(({ result }) => result?.data?.status);
    expect(statuses).toEqual([ResultStatus.SUCCESS, ResultStatus.SUCCESS, ResultStatus.SUCCESS]);
    expect((await served.end).code).toBe(0);
  });

  it('cancels what runs, and refuses what waits, after its time to drain', async () => {
    await start(['--drain', '300', '--concurrency', '1']);
    // They would end within the usual ten seconds.
    const jobs = [submit(8000), submit(8000)];
    await running(2);
    served.child.kill('SIGTERM');
    const [ran, waited] = (await Promise.all(jobs)).map(({ result }) => result?.data);
    expect(ran?.status).toBe(ResultStatus.CANCELLED);
    expect(waited?.status).toBe(ResultStatus.OTHER_ERROR);
    expect(waited?.output?.items.toString()).toMatch(/stopped before the job began/);
    expect((await served.end).code).toBe(0);
  });

  it('ends a plugin that computes without end, too', async () => {
    await start(['--drain', '100']);
    await served.worker('Spin', 'spin');
    const job = served.client.unary('jobworkerp.service.JobService', 'Enqueue', { worker_name: 'spin' });
    await running(1);
    served.child.kill('SIGTERM');
    expect((await job).result?.data?.status).toBe(ResultStatus.CANCELLED);
    expect((await served.end).code).toBe(0);
  });

  it('does not wait where there is nothing to wait for', async () => {
    await start(['--drain', '86400000']);
    served.child.kill('SIGTERM');
    expect((await served.end).code).toBe(0);
  });

  it('ends at once with a second signal, and says what was dropped', async () => {
    await start(['--drain', '86400000']);
    const job = submit(600_000);
    job.catch(() => undefined);
    await running(1);
    served.child.kill('SIGTERM');
    await stopping();
    // Signals within a second of each other are one keypress.
    await setTimeout(1200);
    served.child.kill('SIGTERM');
    const { code, stderr } = await served.end;
    await expect(job).rejects.toThrow();
    expect(code).toBe(1);
    expect(logLines(stderr).at(-1)).toMatchObject({ msg: 'stopped at once: jobs under way were dropped' });
  });
});

describe('a job that is kept', () => {
  it('runs again on the next server, where its time to drain was too short', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bulkhead-kept-'));
    mkdirSync(join(folder, 'plugins'));
    copyFileSync(testPlugin('echo'), join(folder, 'plugins', 'echo.wasm'));
    const args = ['--listen', '127.0.0.1:0', '--plugins', 'plugins', '--database', 'jobs.sqlite3', '--drain', '100'];
    const start = async () => {
      const child = startNode([launcher, 'serve', ...args], { cwd: folder });
      const end = ended(child);
      const [, port] = await lineOf(child, /bulkhead listens on 127\.0\.0\.1:(\d+)/);
      return { child, end, client: new WireClient(`127.0.0.1:${port}`) };
    };
    const first = await start();
    const { data } = await first.client.unary('jobworkerp.service.RunnerService', 'FindByName', { name: 'Echo' });
    await first.client.unary('jobworkerp.service.WorkerService', 'Create', {
      name: 'kept',
      runner_id: data?.id ?? { value: 0n },
      queue_type: QueueType.WITH_BACKUP,
      store_success: true,
    });
    const request = { worker_name: 'kept', using: 'slow', args: millis(1000) };
    const { id } = await first.client.unary('jobworkerp.service.JobService', 'Enqueue', request);
    first.child.kill('SIGTERM');
    expect((await first.end).code).toBe(0);
    first.client.close();
    const second = await start();
    await expect
      .poll(
        async () => {
          const results = second.client.stream('jobworkerp.service.JobResultService', 'FindListByJobId', {
            job_id: id ?? { value: 0n },
          });
          const statuses = [];
          for await (const result of results) statuses.push(result.data?.status);
          return statuses;
        },
        { timeout: 20_000 },
      )
      .toEqual([ResultStatus.SUCCESS]);
    second.client.close();
    second.child.kill('SIGTERM');
    expect((await second.end).code).toBe(0);
    rmSync(folder, { recursive: true });
  });
});

describe('bulkhead serve --drain', () => {
  it('is a number of milliseconds', async () => {
    const { code, stderr } = await bulkhead(['serve', '--drain', '-1']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/'--drain <MS>' argument '-1' is invalid\. It has to be a whole number from 0/);
  });
});
