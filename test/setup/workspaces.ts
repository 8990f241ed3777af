/** What the scripts of this folder work on. */

/** The cargo workspaces of the checkout, as paths from its root. */
export const rustWorkspaces: readonly string[] = [
  'sdk-rust',
  'sdk-rust/meter',
  'examples',
  'test/plugins',
  'test/plugins/hostile',
];

/** Biome's configuration and the folders it looks at. */
export const biomeArguments: readonly string[] = [
  '--config-path=test/setup/style.json',
  '--max-diagnostics=200',
  'runtime',
  'proto',
  'test',
  'bench',
];
