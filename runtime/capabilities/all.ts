/** Every capability, in one visible place. An import that none of them offers is refused at discovery. */
import type { Capability, ImportObject, InstanceContext } from './capability.ts';
import { cli } from './cli.ts';
import { clocks } from './clocks.ts';
import { filesystem } from './filesystem.ts';
import { http } from './http.ts';
import { createIo } from './io.ts';
import { pluginHost } from './plugin-host.ts';
import { random } from './random.ts';
import { sockets } from './sockets.ts';

const capabilities: readonly Capability[] = [pluginHost, cli, clocks, random, filesystem, http, sockets];

/** The interfaces that a component may import, without version. */
export const offeredInterfaces: ReadonlySet<string> = new Set([
  'wasi:io/error',
  'wasi:io/poll',
  'wasi:io/streams',
  // Types only: a component names it where it uses them, the glue asks for nothing.
  'bulkhead:plugin/types',
  ...capabilities.flatMap((capability) => capability.interfaces),
]);

/** Makes the imports of one instance: every interface offered, each denied that is not granted. */
export function createImports(context: InstanceContext): Record<string, ImportObject> {
  const io = createIo(context);
  const imports: Record<string, ImportObject> = { ...io.imports };
  for (const capability of capabilities) Object.assign(imports, capability.create(context, io));
  return imports;
}
