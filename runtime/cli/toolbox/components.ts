/** The components of the checkout itself: the examples, and the plugins that tests are made with. */

import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { meterPath } from '../../app.ts';
import { CliError } from '../exit-codes.ts';
import { type BuiltComponent, cargoBuild } from './cargo-build.ts';
import { root, targetFolder } from './paths.mjs';
import { step } from './progress.mjs';

/** The folder that holds the components of the examples and nothing else, so that it can be served. */
export const examplePlugins: string = join(targetFolder, 'example-plugins');

/** Builds a workspace of the checkout to components. Throws with the compiler's output. */
async function buildWorkspace(label: string, folder: string): Promise<readonly BuiltComponent[]> {
  const built = await step(label, async (say) => {
    const answer = await cargoBuild({ folder: join(root, folder), shareTarget: true, onProgress: say });
    if (!answer.ok) throw new CliError('failed', `${folder} does not compile:\n${answer.output}`);
    return answer;
  });
  return built.components;
}

const meterFolder = join('sdk-rust', 'meter', 'component');

/** Builds the rewriting pass that every component goes through before it runs: the runtime needs it. */
export async function buildMeter(): Promise<void> {
  await buildWorkspace('building the metering pass', meterFolder);
}

/** Builds the rewriting pass where this is a checkout that has not built it yet. */
export async function ensureMeter(): Promise<void> {
  if (!existsSync(meterPath()) && existsSync(join(root, meterFolder))) await buildMeter();
}

/** Builds the examples and puts their components, and only them, into {@link examplePlugins}. */
export async function buildExamples(): Promise<readonly BuiltComponent[]> {
  const components = await buildWorkspace('building the example plugins', 'examples');
  await mkdir(examplePlugins, { recursive: true });
  const wanted = new Set(components.map(({ path }) => basename(path)));
  for (const name of await readdir(examplePlugins)) {
    if (!wanted.has(name)) await rm(join(examplePlugins, name));
  }
  for (const { path } of components) await place(path);
  return components;
}

/** In one step, because a server may be reading the file that was there before. */
async function place(path: string): Promise<void> {
  const draft = join(examplePlugins, `.${basename(path)}.${process.pid}`);
  await copyFile(path, draft);
  await rename(draft, join(examplePlugins, basename(path)));
}

/** Builds the plugins of `test/plugins`, and those that attack. */
export async function buildTestPlugins(): Promise<void> {
  await buildWorkspace('building the test plugins', join('test', 'plugins'));
  await buildWorkspace('building the hostile plugins', join('test', 'plugins', 'hostile'));
}
