/** How the TypeScript tests run: in processes, because the runtime starts threads of its own. */
import { defineConfig } from 'vitest/config';
import { root } from '../../runtime/cli/toolbox/paths.mjs';

export default defineConfig({
  root,
  cacheDir: 'target/vitest',
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/plugins/**'],
    pool: 'forks',
    // Transpiling a component the first time takes seconds, more while cargo runs beside it.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What is waited for comes at once, or late on a busy machine, or never.
    expect: { poll: { timeout: 15_000 } },
  },
});
