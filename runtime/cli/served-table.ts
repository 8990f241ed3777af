/** What a server found in its plugin folders, for people. */
import type { RunningApp } from '../app.ts';

/** One line for each plugin that is served, then one for each file that was refused. */
export function servedTable(
  served: ReturnType<RunningApp['plugins']>,
  refused: ReturnType<RunningApp['refused']>,
  shorten: (path: string) => string,
): string {
  if (served.length + refused.length === 0) return 'no plugins: the folders hold no *.wasm file';
  const rows = served.map(({ name, methods, path }) => ['served', name, methods.join(', '), shorten(path)]);
  const lines = columns([['', 'runner', 'methods', 'file'], ...rows]);
  return [
    ...(rows.length > 0 ? lines : []),
    ...refused.map(({ path, reason }) => `refused  ${shorten(path)}: ${reason}`),
  ].join('\n');
}

/** Left-aligned, two spaces apart. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => (row[at] ?? '').length), at === 0 ? 7 : 0),
  );
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
