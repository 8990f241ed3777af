/** Channels: named queues with a limit on jobs at a time. */

/** The name of the channel that workers without one use. */
export const defaultChannel = '';

/** A channel that this process serves. */
export interface ChannelPlan {
  /** {@link defaultChannel} or a name of up to 255 characters. */
  readonly name: string;
  /** Jobs at a time, at least 1. */
  readonly concurrency: number;
}

/** The name for people. */
export function displayName(channel: string): string {
  return channel === defaultChannel ? '[default]' : channel;
}
