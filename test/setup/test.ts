/**
 * `npm test`: builds the test plugins and the examples, then runs every test, TypeScript and Rust. It ends with
 * one line, `N passed, N failed`, that continuous integration reads; exit code 1 where one failed.
 *
 * With arguments (`npm test -- import-map`) only the TypeScript tests that match run.
 */
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildExamples, buildMeter, buildTestPlugins } from '../../runtime/cli/toolbox/components.ts';
import { binFolder, root, scriptEnvironment, targetFolder } from '../../runtime/cli/toolbox/paths.mjs';
import { buildGoPlugins } from '../support/go-plugins.ts';
import { ensureChromium } from './chromium.ts';

interface Tally {
  readonly passed: number;
  readonly failed: number;
}

/** The workspaces whose Rust tests run natively. */
const testedWorkspaces = ['sdk-rust', 'sdk-rust/meter', 'examples'];

/** Runs a command whose output is to be seen. Answers its exit code and its stdout. */
async function run(command: string, args: readonly string[], cwd: string): Promise<{ code: number; stdout: string }> {
  const child = spawn(command, args, { cwd, env: scriptEnvironment(), stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    process.stdout.write(text);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 70, stdout }));
  });
}

/** A run that counted no failure but did not end well failed as a whole. */
function tallyOf(code: number, passed: number, failed: number): Tally {
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed };
}

async function typescriptTests(filters: readonly string[]): Promise<Tally> {
  const report = join(targetFolder, 'vitest', `report-${process.pid}.json`);
  await mkdir(join(targetFolder, 'vitest'), { recursive: true });
  const config = ['--config', 'test/setup/vitest.config.ts'];
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { code } = await run(join(binFolder, 'vitest'), ['run', ...config, ...reporters, ...filters], root);
  const counts = await readFile(report, 'utf8').then(
    (text) => JSON.parse(text) as { numPassedTests: number; numFailedTests: number },
    () => ({ numPassedTests: 0, numFailedTests: 0 }),
  );
  await rm(report, { force: true });
  return tallyOf(code, counts.numPassedTests, counts.numFailedTests);
}

async function rustTests(workspace: string): Promise<Tally> {
  const { code, stdout } = await run('cargo', ['test', '--workspace', '--no-fail-fast'], join(root, workspace));
  const results = [...stdout.matchAll(/^test result: .*?(\d+) passed; (\d+) failed/gm)];
  const sum = (group: number) => results.reduce((total, result) => total + Number(result[group]), 0);
  return tallyOf(code, sum(1), sum(2));
}

/** Building is part of what is tested: where it fails, the other tests still run. */
async function builds(filters: readonly string[]): Promise<Tally> {
  const needsBrowser = filters.length === 0 || filters.some((filter) => filter.includes('browser'));
  let failed = 0;
  for (const build of [
    buildMeter,
    buildExamples,
    buildTestPlugins,
    buildGoPlugins,
    ...(needsBrowser ? [ensureChromium] : []),
  ]) {
    await build().catch((error: unknown) => {
      failed++;
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    });
  }
  return { passed: 0, failed };
}

const filters = process.argv.slice(2);
const tallies = [await builds(filters), await typescriptTests(filters)];
if (filters.length === 0) for (const workspace of testedWorkspaces) tallies.push(await rustTests(workspace));
const total = tallies.reduce((sum, each) => ({ passed: sum.passed + each.passed, failed: sum.failed + each.failed }));
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed === 0 ? 0 : 1;
