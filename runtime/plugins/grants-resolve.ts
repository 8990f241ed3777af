/** From a component's file to what it may do: its manifest beside it, and what the operator grants it. */
import { BulkheadError } from '../errors.ts';
import type { AdmittedPlugin } from '../executor/executor.ts';
import { noGrants } from '../model/grant.ts';
import { defaultLimits, type Limits } from '../model/limits.ts';
import { effectiveGrants, effectiveLimits, type Permissions, type PluginGrants } from './grants.ts';
import type { OperatorGrants } from './grants-file.ts';
import { checkManifest, findManifest, type Manifest, noManifest, readManifest } from './manifest.ts';

const nothing: PluginGrants = { grants: noGrants, limits: {} };

/** The manifest of a component; `given` names one that stands elsewhere. Throws `plugin-refused`. */
export async function manifestOf(component: string, given?: string): Promise<Manifest> {
  const path = given ?? (await findManifest(component));
  return path === undefined ? noManifest : readManifest(path);
}

/** Throws `plugin-refused` where the manifest or the operator means another component. */
export function permissionsOf(plugin: AdmittedPlugin, manifest: Manifest, operator: OperatorGrants): Permissions {
  const { name } = plugin.runner;
  checkManifest(manifest, name);
  const granted = operator.plugins.get(name) ?? nothing;
  if (granted.digest !== undefined && granted.digest !== plugin.digest) {
    throw new BulkheadError(
      'plugin-refused',
      `the grants for ${JSON.stringify(name)} are for another file: its digest is ${plugin.digest}, theirs ${granted.digest}`,
    );
  }
  const base = { ...defaultLimits, ...operator.limits };
  const capped = (asked: Partial<Limits>) => effectiveLimits(asked, granted.limits, base);
  return {
    asked: manifest.asked,
    granted: granted.grants,
    effective: effectiveGrants(manifest.asked, granted.grants),
    limits: {
      asked: manifest.limits,
      granted: granted.limits,
      effective: capped(manifest.limits),
      workers: new Map([...operator.workers].map(([name, own]) => [name, capped({ ...manifest.limits, ...own })])),
    },
  };
}

/** The largest memory that any plugin may be allowed: what modules are rewritten for. */
export function mostMemory(operator: OperatorGrants): number {
  const base = operator.limits.memoryBytes ?? defaultLimits.memoryBytes;
  return Math.max(base, ...[...operator.plugins.values()].map(({ limits }) => limits.memoryBytes ?? 0));
}
