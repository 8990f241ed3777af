/**
 * Our own imports, `bulkhead:plugin/{log,job,feed,diagnostics}`: what the SDK speaks with. They need no
 * grant, because they reach nothing but the job at hand; the log is bounded by its receiver.
 */
import type { Capability, LogLine, PanicReport } from './capability.ts';

export const pluginHost: Capability = {
  name: 'plugin-host',
  interfaces: ['bulkhead:plugin/log', 'bulkhead:plugin/job', 'bulkhead:plugin/feed', 'bulkhead:plugin/diagnostics'],
  create(context) {
    return {
      'bulkhead:plugin/log': {
        emit: (entries: LogLine[]) => {
          for (const entry of entries) context.log(entry);
        },
      },
      'bulkhead:plugin/job': {
        current: () => context.currentJob(),
        cancelAsked: () => context.currentJob()?.cancelAsked ?? false,
      },
      'bulkhead:plugin/feed': { take: (maxBytes: number) => context.takeFeed(maxBytes) },
      'bulkhead:plugin/diagnostics': { panicked: (report: PanicReport) => context.panicked(report) },
    };
  },
};
