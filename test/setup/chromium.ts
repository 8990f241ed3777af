/** Gets the browser that some tests need, where that can be done without asking anybody. */
import { capture, commandStep } from '../../runtime/cli/toolbox/progress.mjs';
import { findChromium } from '../support/chromium.ts';

/** Does nothing where there is one. Throws one line that says what is missing and how to get it. */
export async function ensureChromium(): Promise<void> {
  if (findChromium() !== undefined) return;
  const canInstall = process.getuid?.() === 0 && (await hasAptGet());
  if (!canInstall) throw new Error('chromium: not found. Get it with: sudo apt-get install -y chromium');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await commandStep('looking for chromium', 'apt-get', ['update', '-qq'], { env });
  await commandStep('installing chromium', 'apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], {
    env,
  });
}

function hasAptGet(): Promise<boolean> {
  return capture('apt-get', ['--version']).then(
    () => true,
    () => false,
  );
}
