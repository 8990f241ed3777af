/**
 * wasi:filesystem, denied: there are no preopened directories, so a plugin has no descriptor to begin with
 * and every path it opens fails with the error for "no such file" of its own libc.
 */
import type { Capability } from './capability.ts';

export const filesystem: Capability = {
  name: 'filesystem',
  interfaces: ['wasi:filesystem/preopens', 'wasi:filesystem/types'],
  create() {
    return {
      'wasi:filesystem/preopens': { getDirectories: () => [] },
      'wasi:filesystem/types': {
        // No instance of either class ever exists; the glue needs the names.
        Descriptor: class Descriptor {},
        DirectoryEntryStream: class DirectoryEntryStream {},
        filesystemErrorCode: () => undefined,
      },
    };
  },
};
