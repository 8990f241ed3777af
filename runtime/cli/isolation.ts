/** How the jobs of a worker without `use_static` are kept apart, found out by running the plugin's `load()`. */
import { BulkheadError } from '../errors.ts';
import type { PluginInstance } from '../executor/executor.ts';
import type { LocalPlugin } from './local-plugin.ts';
import { encode } from './payload.ts';

/** How long `load()` may take, in milliseconds. */
const longestLoad = 5_000;

export interface Isolation {
  /** `unknown`: `load()` failed, and `because` says how. */
  readonly mode: 'reset' | 'new-instance' | 'unknown';
  readonly because: readonly string[];
}

/**
 * Runs `load()` with settings, or with empty ones and without any grants where there are none: who only looks at a
 * plugin has not said that it may reach anything. Throws where it fails with the settings that were given.
 */
export async function isolationOf(local: LocalPlugin, settings: unknown): Promise<Isolation> {
  const { executor, plugin, schemas, permissions } = local;
  const isGiven = settings !== undefined;
  const instance = executor.instance({
    plugin,
    settings: encode('--settings', schemas.settings, settings),
    grants: isGiven ? permissions.effective : {},
    limits: permissions.limits.effective,
    isolation: 'per-job',
  });
  try {
    await loadInTime(instance);
    const because = instance.obstacles ?? [];
    return { mode: because.length === 0 ? 'reset' : 'new-instance', because };
  } catch (thrown) {
    const error = BulkheadError.from(thrown);
    if (isGiven || error.code === 'internal') throw error;
    const because = [...new Set(plugin.obstacles)];
    return because.length > 0 ? { mode: 'new-instance', because } : { mode: 'unknown', because: [error.message] };
  } finally {
    await instance.dispose();
  }
}

async function loadInTime(instance: PluginInstance): Promise<void> {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    void instance.dispose();
  }, longestLoad);
  try {
    await instance.load();
  } catch (error) {
    if (!isLate) throw error;
    throw new BulkheadError('load-failed', `load() did not end within ${longestLoad} ms`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

export function isolationText({ mode, because }: Isolation): string {
  if (mode === 'reset')
    return 'reset: an instance is put back after each job; one that traps or keeps handles open is made anew';
  if (mode === 'new-instance') return `a new instance for each job, because ${because.join('; ')}`;
  return `not known: ${because.join('; ')}; try others than empty settings with --settings`;
}
