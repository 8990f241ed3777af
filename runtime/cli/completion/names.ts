/** Names for completion that a server or the profiles know. Whatever goes wrong, there are just none. */
import type { WireClient } from '../../api/client.ts';
import { displayName } from '../../model/channel.ts';
import { JobProcessingStatus } from '../../model/messages.gen.ts';
import { nameOf } from '../client/values-out.ts';
import type { Candidate } from './complete.ts';

/** How long a server may take, in milliseconds: somebody waits at the keyboard. */
const patienceMs = 1000;
/** As many names as a list may have. */
const most = 200;

/** What stands on the line already. */
export interface LineSoFar {
  /** Options by their attribute names. */
  readonly given: Readonly<Record<string, string>>;
  readonly worker: string | undefined;
}

/** What a placeholder stands for: workers, runners, methods, jobs, profiles. */
export async function namesOf(placeholder: string, line: LineSoFar, prefix: string): Promise<readonly Candidate[]> {
  try {
    if (placeholder === 'PROFILE') {
      const { profileNames } = await import('../client/profile-file.ts');
      return (await profileNames()).map((value) => ({ value }));
    }
    const list = lists[placeholder];
    return list ? await ask(line, (client) => list(client, prefix, line)) : [];
  } catch {
    return []; // no server, no token, a broken profile: the command itself will say so
  }
}

type List = (client: WireClient, prefix: string, line: LineSoFar) => Promise<Candidate[]>;

const question = { timeoutMs: patienceMs };

const lists: Readonly<Record<string, List>> = {
  WORKER: async (client, prefix) => {
    const names: Candidate[] = [];
    const request = { name_filter: prefix, limit: most };
    for await (const { data } of client.stream('jobworkerp.service.WorkerService', 'FindList', request, question))
      if (data) names.push({ value: data.name, about: data.description });
    return names;
  },
  RUNNER: async (client, prefix) => {
    const names: Candidate[] = [];
    const request = { name_filter: prefix, limit: most };
    for await (const { data } of client.stream('jobworkerp.service.RunnerService', 'FindListBy', request, question))
      if (data) names.push({ value: data.name, about: data.description });
    return names;
  },
  JOB: async (client) => {
    const jobs: Candidate[] = [];
    const service = 'jobworkerp.service.JobProcessingStatusService';
    for await (const { id, status } of client.stream(service, 'FindByCondition', { limit: most }, question))
      if (id) jobs.push({ value: String(id.value), about: nameOf(JobProcessingStatus, status) });
    return jobs;
  },
  CHANNEL: async (client) => {
    const { channels } = await client.unary('jobworkerp.service.WorkerService', 'FindChannelList', {}, question);
    return channels.map(({ name, concurrency }) => ({ value: displayName(name), about: `${concurrency} at a time` }));
  },
  METHOD: async (client, _prefix, { worker = '' }) => {
    const { data } = await client.unary('jobworkerp.service.WorkerService', 'FindByName', { name: worker }, question);
    const id = data?.data?.runner_id ?? { value: 0n };
    const runner = await client.unary('jobworkerp.service.RunnerService', 'Find', id, question);
    const methods = Object.entries(runner.data?.data?.method_proto_map?.schemas ?? {});
    return methods.map(([value, { description = '' }]) => ({ value, about: description }));
  },
};

async function ask<T>({ given }: LineSoFar, use: (client: WireClient) => Promise<T>): Promise<T> {
  const { withSession } = await import('../client/session.ts');
  return await withSession(given, 'completion', ({ client }) => use(client));
}
