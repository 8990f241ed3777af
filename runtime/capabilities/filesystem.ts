/**
 * wasi:filesystem: the granted directories and nothing else of the host.
 *
 * A plugin sees each granted directory as a preopened one, under the path in its grant; without a grant there is none,
 * and every path it opens fails in its own libc. No path leads out of a directory (`filesystem-walk.ts` says how),
 * symbolic links are neither followed, read nor made, hard links are not made, and what a plugin may keep is counted
 * (`filesystem-quota.ts`). Whatever may wait for a disk suspends the instance and not the thread.
 *
 * Handles: an open file or directory is one. A preopened directory is none while it is part of the state after
 * `load()`; one that was first asked for within a job is, because a reset makes the plugin forget it. So a plugin that
 * touches a file in `load()` is reset, and one that does so only in its jobs is made anew for each.
 */
import type { Capability, Io } from './capability.ts';
import { createDescriptors } from './filesystem-descriptor.ts';
import { Granted } from './filesystem-granted.ts';
import { Handles } from './filesystem-handles.ts';
import { FileFailure } from './filesystem-streams.ts';

/** The WASI code of a stream's error, where it is one of a file. */
function codeOf(io: Io, error: object): string | undefined {
  const detail = io.detailOf(error);
  return detail instanceof FileFailure ? detail.code : undefined;
}

export const filesystem: Capability = {
  name: 'filesystem',
  interfaces: ['wasi:filesystem/preopens', 'wasi:filesystem/types'],
  create(context, io) {
    const handles = new Handles();
    context.onDispose(() => handles.dispose());
    const granted = (context.grants.filesystem ?? []).map((grant) => new Granted(grant, { context, io, handles }));
    const { Descriptor, DirectoryEntryStream, Preopened } = createDescriptors(context, io);
    return {
      'wasi:filesystem/preopens': {
        getDirectories: () => granted.map((directory) => [new Preopened(directory), directory.grant.guest]),
      },
      'wasi:filesystem/types': {
        Descriptor,
        DirectoryEntryStream,
        filesystemErrorCode: (error: object) => codeOf(io, error),
      },
    };
  },
};
