/**
 * Hostile jobs and what must come of each, under `tightLimits` of `host.ts`. What a plugin does is said in its own
 * source; add a line here for a new one.
 */
import type { Attack, Outcome } from './attack.ts';

export interface HostileCase extends Attack {
  readonly expect: Outcome;
  /** Known: the attack costs the thread, and why nothing milder is possible. */
  readonly losesThread?: string;
  /** Known: the neighbour waits longer than it should, in milliseconds, and why. */
  readonly stalls?: readonly [longestMs: number, why: string];
}

const late: Outcome = { code: 'deadline-exceeded' };
const heldThread = { code: 'limit-cpu', message: /held its thread too long/ } as const;
const forged: Outcome = { code: 'plugin-trapped', message: /^the plugin used a handle .*that it does not hold$/ };
const left: Outcome = { code: 'cancelled' };

/** Computing without end. */
export const loops: readonly HostileCase[] = [
  { plugin: '../spin', expect: late },
  { plugin: '../spin', deadline: 60_000, expect: { code: 'limit-cpu', message: /2000 \(cpuMs\)/ } },
  { plugin: 'loop-in-load', expect: late },
  { plugin: 'loop-in-begin', how: 'stream', expect: { ...late, chunks: 0 } },
  { plugin: 'loop-in-receive', how: 'stream', expect: { ...late, chunks: 2 } },
  { plugin: 'loop-in-cancel', how: 'stream', leaveAfter: 3, expect: { ...left, chunks: 3 } },
  { plugin: 'loop-in-is-canceled', how: 'stream', leaveAfter: 3, expect: { ...left, chunks: 3 } },
  { plugin: 'loop-in-drop', expect: late },
  // Where JavaScript stands below it a plugin cannot give way: it is ended before its deadline.
  { plugin: 'loop-in-realloc', args: 'x'.repeat(54_321), expect: heldThread },
  { plugin: 'loop-in-realloc', args: 'x'.repeat(54_321), deadline: 5_000, expect: { code: 'limit-cpu' } },
  { plugin: 'loop-in-post-return', expect: heldThread },
  { plugin: 'loop-in-post-return', deadline: 5_000, expect: { code: 'limit-cpu' } },
  { plugin: 'loop-with-host-calls', expect: late },
  { plugin: 'loop-with-waits', expect: late },
  { plugin: 'loop-asking-cancel', expect: late },
  { plugin: 'deep-recursion', expect: { code: 'plugin-trapped' } },
  { plugin: 'table-recursion', expect: { code: 'plugin-trapped' } },
];

/** Waiting without end, and handles. */
export const waits: readonly HostileCase[] = [
  { plugin: 'sleep-for-ever', expect: late },
  { plugin: 'sleep-in-stream', how: 'stream', expect: { ...late, chunks: 0 } },
  { plugin: 'handle-flood', deadline: 5_000, expect: { code: 'limit-handles', message: /256 \(handles\)/ } },
  { plugin: 'timer-flood', deadline: 2_000, expect: late },
  { plugin: 'handle-keep', args: '100', deadline: 5_000, expect: { output: '100' } },
  { plugin: 'poll-many', deadline: 5_000, expect: { output: 'polled' } },
  { plugin: 'poll-nothing', deadline: 5_000, expect: { code: 'plugin-trapped' } },
  ...['block', 'ready', 'drop', 'poll'].flatMap((how) =>
    ['0', '4711', '4294967295'].map(
      (number): HostileCase => ({
        plugin: 'handle-forged',
        args: `${how} ${number}`,
        deadline: 20_000,
        expect: forged,
      }),
    ),
  ),
  { plugin: 'handle-twice', deadline: 20_000, expect: forged },
];

/** Taking more memory, output or randomness than there is. */
export const floods: readonly HostileCase[] = [
  { plugin: 'memory-bomb', deadline: 5_000, expect: { code: 'limit-memory', message: /67108864 \(memoryBytes\)/ } },
  { plugin: 'memory-creep', deadline: 5_000, expect: { code: 'limit-memory', message: /67108864 \(memoryBytes\)/ } },
  { plugin: 'memory-grow', deadline: 5_000, expect: { output: /^(\d{1,3}|10[01]\d|102[0-4]) pages$/ } },
  { plugin: 'memory-fill', deadline: 500, expect: late },
  {
    plugin: '../big-output',
    args: '1048577',
    deadline: 5_000,
    expect: { code: 'limit-output', message: /1048576 \(outputBytes\)/ },
  },
  { plugin: 'chunk-flood', how: 'stream', leaveAfter: 500, deadline: 5_000, expect: { ...left, chunks: 500 } },
  { plugin: 'chunk-flood', how: 'stream', expect: late },
  { plugin: 'chunk-huge', how: 'stream', deadline: 5_000, expect: { code: 'limit-output', chunks: 0 } },
  {
    plugin: 'metadata-flood',
    args: '100000',
    deadline: 5_000,
    expect: { code: 'limit-metadata', message: /65536 \(metadataBytes\)/ },
  },
  { plugin: 'metadata-flood', args: '0', deadline: 5_000, expect: { code: 'limit-metadata' } },
  { plugin: 'metadata-empty-keys', deadline: 10_000, expect: { code: 'limit-transfer' } },
  {
    plugin: 'metadata-prototype',
    deadline: 5_000,
    expect: { output: '', metadata: ['__proto__', 'constructor', 'hasOwnProperty', 'toString'] },
  },
  { plugin: 'field-aliases', args: '100000', deadline: 5_000, expect: { code: 'limit-transfer' } },
  { plugin: 'error-flood', deadline: 5_000, expect: { code: 'plugin-failed', message: /^m+/ } },
  { plugin: 'random-flood', deadline: 5_000, expect: { code: 'limit-random', message: /1048576 \(randomBytes\)/ } },
  { plugin: 'random-for-ever', expect: late },
  { plugin: 'log-flood', deadline: 1_000, expect: late },
  { plugin: 'log-huge', deadline: 5_000, expect: { output: 'logged' } },
  { plugin: 'print-flood', deadline: 1_000, expect: late },
  { plugin: 'print-error-flood', deadline: 1_000, expect: late },
  { plugin: 'print-without-end', deadline: 1_000, expect: late },
];

/** Panics, exits and aborts in every place. */
export const ends: readonly HostileCase[] = [
  { plugin: 'panic-in-cancel', how: 'stream', leaveAfter: 2, expect: { ...left, chunks: 2 } },
  {
    plugin: 'panic-in-drop',
    deadline: 5_000,
    expect: { code: 'plugin-panicked', message: /lib\.rs:\d+:\d+: no drop$/ },
  },
  {
    plugin: 'panic-in-feed-setup',
    how: 'feed',
    deadline: 5_000,
    expect: { code: 'plugin-panicked', message: /no feed$/ },
  },
  { plugin: 'panic-twice', deadline: 5_000, expect: { code: 'plugin-trapped' } },
  { plugin: 'panic-without-report', deadline: 5_000, expect: { code: 'plugin-trapped' } },
  { plugin: 'panic-on-stderr', deadline: 5_000, expect: { code: 'plugin-trapped', message: /heard on stderr/ } },
  { plugin: 'panic-huge', deadline: 5_000, expect: { code: 'plugin-panicked', message: /m{100}/ } },
  { plugin: 'panic-reported-falsely', args: 'fine', deadline: 5_000, expect: { output: 'fine' } },
  ...(['exit', 'abort'] as const).flatMap((plugin): HostileCase[] => {
    const deadline = 5_000;
    const ended: Outcome = { code: plugin === 'exit' ? 'plugin-exited' : 'plugin-trapped' };
    return [
      { plugin, settings: 'load', deadline, expect: ended },
      { plugin, settings: 'run', deadline, expect: ended },
      { plugin, settings: 'begin', how: 'stream', deadline, expect: { ...ended, chunks: 0 } },
      { plugin, settings: 'receive', how: 'stream', deadline, expect: { ...ended, chunks: 0 } },
      { plugin, settings: 'cancel', how: 'stream', leaveAfter: 2, deadline, expect: { ...left, chunks: 2 } },
    ];
  }),
];

/** Ways out: each answers what it got hold of. */
export const escapes: readonly HostileCase[] = [
  ...[
    '/etc/passwd',
    '../../../../etc/passwd',
    '/',
    '.',
    '',
    '/proc/self/environ',
    '/dev/stdin',
    'C:\\Windows',
    '\0',
  ].map((path): HostileCase => ({ plugin: 'escape-files', args: path, deadline: 5_000, expect: { output: '' } })),
  ...['127.0.0.1:22', '169.254.169.254:80', '[::1]:22', '10.0.0.1:80', '0.0.0.0:1', '[::ffff:127.0.0.1]:22'].flatMap(
    (address): HostileCase[] =>
      ['escape-tcp', 'escape-udp'].map((plugin) => ({
        plugin,
        args: address,
        deadline: 5_000,
        expect: { output: '' },
      })),
  ),
  ...['localhost', 'metadata.google.internal', '2130706433', '0x7f.1', 'secret.example.com'].map(
    (name): HostileCase => ({ plugin: 'escape-dns', args: name, deadline: 5_000, expect: { output: '' } }),
  ),
  { plugin: 'escape-listen', deadline: 5_000, expect: { output: '' } },
  { plugin: 'escape-process', deadline: 5_000, expect: { output: '' } },
  { plugin: 'time-finely', deadline: 5_000, expect: { output: '' } },
];

/** Feeds and cancels. */
export const feeds: readonly HostileCase[] = [
  { plugin: 'feed-never-read', how: 'feed', fed: 100, deadline: 600, expect: { ...late, taken: 16 } },
  { plugin: 'feed-read-for-ever', how: 'feed', fed: 3, deadline: 600, expect: late },
  { plugin: 'feed-refused', how: 'feed', deadline: 5_000, expect: { code: 'method-not-runnable', taken: 0 } },
  { plugin: 'feed-left', how: 'feed', fed: 3, deadline: 5_000, expect: { chunks: 0, taken: 0 } },
  { plugin: 'feed-stolen', deadline: 5_000, expect: { output: '' } },
  { plugin: 'cancel-ignored', how: 'stream', leaveAfter: 5, deadline: 5_000, expect: { ...left, chunks: 5 } },
  { plugin: 'cancel-ignored', how: 'stream', expect: late },
];
