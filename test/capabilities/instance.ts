/** The imports of one instance without a plugin: a test calls them as the glue does. */
import { createImports } from '../../runtime/capabilities/all.ts';
import type { CurrentJob, ImportObject, InstanceContext } from '../../runtime/capabilities/capability.ts';
import { WitError } from '../../runtime/capabilities/capability.ts';
import type { BulkheadError } from '../../runtime/errors.ts';
import type { Grants } from '../../runtime/model/grant.ts';
import { defaultLimits } from '../../runtime/model/limits.ts';

export interface FakeInstance {
  readonly imports: Record<string, ImportObject>;
  /** What the operator was told. */
  readonly refusals: readonly string[];
  /** Resource handles that the plugin holds. */
  handles(): number;
  setJob(job: CurrentJob | undefined): void;
  dispose(): void;
}

export function fakeInstance(grants: Grants): FakeInstance {
  const frees = new Set<() => void>();
  const refusals: string[] = [];
  let handles = 0;
  let job: CurrentJob | undefined;
  const context: InstanceContext = {
    plugin: 'tested',
    onCapture: () => undefined,
    onDispose: (free) => {
      frees.add(free);
      return () => frees.delete(free);
    },
    onJobEnd: () => undefined,
    limits: defaultLimits,
    grants,
    fail: (error: BulkheadError) => {
      throw error;
    },
    handle: (change) => {
      handles += change;
    },
    log: () => undefined,
    refused: (kind, what) => refusals.push(`${kind}: ${what}`),
    panicked: () => undefined,
    currentJob: () => job,
    takeFeed: () => ({ chunks: [], final: true }),
  };
  return {
    imports: createImports(context),
    refusals,
    handles: () => handles,
    setJob: (next) => {
      job = next;
    },
    dispose: () => {
      for (const free of frees) free();
    },
  };
}

/** The payload of the WIT error that `act` fails with. */
export async function witErrorOf(act: () => unknown): Promise<unknown> {
  try {
    await act();
  } catch (error) {
    if (error instanceof WitError) return error.payload;
    throw error;
  }
  return 'no error';
}
