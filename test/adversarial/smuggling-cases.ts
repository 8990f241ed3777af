/**
 * Plugins that try to hand something from one job to the next. Each job answers what it found of the others:
 * nothing, on an instance that is not kept; on a kept one it shows that the attempt is a real one.
 */
export interface SmugglingCase {
  readonly plugin: string;
  /** The arguments of each job; `previous` stands for what the job before answered. */
  readonly jobs: readonly string[];
  /**
   * What must come of each job: `nothing` is found; it `trapped`; it answers a `number` that goes on; what it answers
   * is `new`, unlike what any before answered.
   */
  readonly fresh: readonly ('nothing' | 'trapped' | 'any' | 'new')[];
  /** What the last job finds on a kept instance, where the attempt succeeds by design. */
  readonly kept?: RegExp;
}

const secrets = ['secret:alpha', 'secret:bravo', 'secret:gamma', 'secret:delta'];
const nothing = secrets.map(() => 'nothing' as const);

export const smuggling: readonly SmugglingCase[] = [
  { plugin: 'smuggle-static', jobs: secrets, fresh: nothing, kept: /^secret:gamma$/ },
  { plugin: 'smuggle-field', jobs: secrets, fresh: nothing, kept: /^secret:gamma$/ },
  { plugin: 'smuggle-thread-local', jobs: secrets, fresh: nothing, kept: /^secret:gamma$/ },
  { plugin: 'smuggle-heap', jobs: secrets, fresh: nothing, kept: /^secret:(alpha|bravo|gamma)$/ },
  { plugin: 'smuggle-grown-memory', jobs: secrets, fresh: nothing, kept: /^[1-9]\d* pages more$/ },
  { plugin: 'smuggle-seed', jobs: secrets, fresh: nothing, kept: /^a generator at \d+$/ },
  { plugin: 'smuggle-stdout', jobs: ['secret', 'end', 'secret', 'end'], fresh: nothing },
  { plugin: 'smuggle-handle', jobs: ['leave', 'previous'], fresh: ['any', 'trapped'], kept: /^ready: 0$/ },
  { plugin: 'smuggle-handle-order', jobs: secrets, fresh: nothing, kept: /^order: / },
  { plugin: 'smuggle-network', jobs: secrets, fresh: nothing, kept: /^network: / },
  { plugin: 'smuggle-random', jobs: secrets, fresh: ['new', 'new', 'new', 'new'] },
];
