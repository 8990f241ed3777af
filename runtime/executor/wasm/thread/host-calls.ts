/**
 * What may go wrong in a call from the plugin to the host, as the glue makes it.
 *
 * The glue leaves a call hanging for ever whose import failed and can answer no error, and a plugin can catch what an
 * import throws. So whatever is no answer of the WIT ends the instance at its boundary, where neither matters.
 */
import { BulkheadError } from '../../../errors.ts';
import type { Boundary } from './boundary.ts';

/** What the glue is given. */
export interface HostCallTools {
  /** Makes a call of the host. */
  readonly $call: <T>(operation: () => T) => T;
  /** The plugin named a handle that it does not hold. */
  readonly $forged: (kind: string) => never;
}

/** An error of a WIT `result<_, E>`, which the glue hands to the plugin. */
function isAnswer(thrown: unknown): boolean {
  return !(thrown instanceof Error) || Object.hasOwn(thrown, 'payload');
}

export function hostCallTools(boundary: Boundary): HostCallTools {
  const failed = (thrown: unknown): void => {
    if (!isAnswer(thrown)) boundary.end(thrown as Error);
  };
  return {
    $call: (operation) => {
      try {
        const result = operation();
        if (result instanceof Promise) result.then(undefined, failed);
        return result;
      } catch (thrown) {
        failed(thrown);
        throw thrown;
      }
    },
    $forged: (kind) => {
      throw boundary.end(
        new BulkheadError('plugin-trapped', `the plugin used a handle (${kind}) that it does not hold`),
      );
    },
  };
}
