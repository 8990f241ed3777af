/** The reference tables of the README are what the code says. `UPDATE_README=1 npm test -- readme` writes them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, credentials, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demands } from '../../runtime/access/rights.ts';
import { WireSchema } from '../../runtime/api/schema.ts';
import { createProgram } from '../../runtime/cli/program.ts';
import { root } from '../../runtime/cli/toolbox/paths.mjs';
import { settingList } from '../../runtime/config/file.ts';
import { catalogue } from '../../runtime/errors.ts';
import { roles } from '../../runtime/model/caller.ts';
import { Metrics } from '../../runtime/telemetry/metrics.ts';
import { startTestRuntime, type TestRuntime } from '../support/runtime.ts';

const path = join(root, 'README.md');

/** Compares a table between its marks; with UPDATE_README=1 writes it instead. */
function expectTable(name: string, rows: readonly string[]): void {
  const mark = new RegExp(`(<!-- table: ${name} -->\n)(.*?)(<!-- end -->)`, 's');
  const readme = readFileSync(path, 'utf8');
  const table = `${rows.join('\n')}\n`;
  if (process.env['UPDATE_README'] === '1')
    writeFileSync(
      path,
      readme.replace(mark, (_, begin, __, end) => `${begin}${table}${end}`),
    );
  else expect(mark.exec(readme)?.[2], 'run UPDATE_README=1 npm test -- readme').toBe(table);
}

describe('the README', () => {
  let runtime: TestRuntime;
  beforeAll(async () => {
    runtime = await startTestRuntime([]);
  });
  afterAll(() => runtime.stop());

  it('lists every error of the catalogue', () => {
    const rows = Object.entries(catalogue).map(
      ([code, { status: name, blame, retryable, meaning }]) =>
        `| \`${code}\` | ${name} | ${blame} | ${retryable ? 'yes' : 'no'} | ${meaning} |`,
    );
    expectTable('errors', [
      '| code | status | whose fault | may succeed again | meaning |',
      '|---|---|---|---|---|',
      ...rows,
    ]);
  });

  it('says which role may call what', () => {
    const names = (service: string, role: string) =>
      [...demands.values()]
        .filter((demand) => demand.role === role && demand.what.startsWith(`${service}/`))
        .map(({ what, scope }) => `${what.split('/')[1]}${scope === 'whole' ? '\\*' : ''}`);
    const cells = (service: string) => roles.map((role) => names(service, role).join(', ') || '–');
    const services = new WireSchema().serviceNames();
    expectTable('rights', [
      `| service | ${roles.join(' | ')} |`,
      `|---|${roles.map(() => '---|').join('')}`,
      ...services.map((service) => `| ${service} | ${cells(service).join(' | ')} |`),
    ]);
  });

  it('lists the commands for a server', () => {
    const clients = createProgram().commands.filter((command) => command.helpGroup() !== '');
    const rows = clients.flatMap((command) => {
      const inside = command.commands.length > 0 ? command.commands : [command];
      return inside.map((each) => {
        const name = each === command ? each.name() : `${command.name()} ${each.name()}`;
        return `| \`${name}\` | ${each.description()} |`;
      });
    });
    expectTable('commands', ['| command | |', '|---|---|', ...rows]);
  });

  it('lists every setting of the server', () => {
    const rows = settingList.map(([key, { shape, fallback, shown, flag, env = [] }]) => {
      const initial = shown ?? (fallback === undefined ? '–' : `\`${fallback}\``);
      const names = env.flatMap((source) => source.names).map((name) => `\`${name}\``);
      const option = flag === undefined ? '' : `\`${flag.split(' ')[0]}\``;
      return `| \`${key}\` | ${option} | ${names.join(' ')} | ${initial} | ${shape.about} |`;
    });
    expectTable('settings', ['| setting | option | environment | default | |', '|---|---|---|---|---|', ...rows]);
  });

  it('lists every metric', () => {
    const rows = new Metrics()
      .facts()
      .map(({ name, type, labels, about }) => `| \`${name}\` | ${type} | ${labels.join(', ')} | ${about} |`);
    expectTable('metrics', ['| metric | | labels | |', '|---|---|---|---|', ...rows]);
  });

  it('lists the RPCs that the server offers', async () => {
    const schema = new WireSchema();
    const client = new Client(`127.0.0.1:${runtime.app.port}`, credentials.createInsecure());
    const rows: string[] = [];
    for (const service of schema.serviceNames()) {
      const methods = Object.values(schema.service(service));
      const offered: string[] = [];
      for (const method of methods)
        if (await isOffered(client, method.path)) offered.push(method.path.split('/').at(-1) ?? '');
      rows.push(`| ${service} | ${offered.join(', ') || '–'} | ${offered.length} of ${methods.length} |`);
    }
    client.close();
    expectTable('rpcs', ['| service | offered | |', '|---|---|---|', ...rows]);
  });
});

/** Whether an empty request is answered by anything but UNIMPLEMENTED. */
function isOffered(client: Client, method: string): Promise<boolean> {
  const asIs = (bytes: Buffer) => bytes;
  return new Promise((resolve) => {
    const call = client.makeBidiStreamRequest(method, asIs, asIs);
    let code: number | undefined;
    call.on('data', () => undefined);
    call.on('error', (error: Error & { code?: number }) => {
      code = error.code;
    });
    call.on('status', (ended: { code: number }) => resolve((code ?? ended.code) !== status.UNIMPLEMENTED));
    call.end(Buffer.alloc(0));
  });
}
