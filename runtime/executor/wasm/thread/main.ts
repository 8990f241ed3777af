/** The entry of a plugin thread: it serves the requests of `messages.ts` that come by its port. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { shareLedger } from '../../../capabilities/filesystem-quota.ts';
import { BulkheadError } from '../../../errors.ts';
import { noGrants } from '../../../model/grant.ts';
import { takeLoopDelay } from '../../../telemetry/loop-delay.ts';
import {
  beatEvery,
  type DescribeOutcome,
  type FlushedMessage,
  type LogMessage,
  pulseCells,
  type RequestMessage,
  type RequestOf,
  type ThreadAnswer,
  type ThreadAnswers,
  type ThreadData,
  type ThreadOp,
  type ThreadRequest,
} from '../messages.ts';
import { Outbox } from '../outbox.ts';
import { addPlugin, removePlugin } from './code.ts';
import { describe } from './describe.ts';
import { Guest } from './guest.ts';
import type { SendLog } from './guest-log.ts';
import { Instances } from './instances.ts';
import { listenForKnocks } from './meter.ts';

function sendLog(digest: string): SendLog {
  return (lines, job, dropped) => {
    const { jobId, workerName, caller, trace } = job ?? {};
    const message: LogMessage = { kind: 'log', digest, jobId, workerName, caller, trace, lines, dropped };
    parentPort?.postMessage(message);
  };
}

const { pulse, ledger } = workerData as ThreadData;
listenForKnocks(pulse);
Atomics.add(pulse, pulseCells.beats, 1);
setInterval(() => Atomics.add(pulse, pulseCells.beats, 1), beatEvery).unref();
shareLedger(ledger);
const instances = new Instances(sendLog);

async function describePlugin({ digest, deadline, limits }: RequestOf<'describe'>): Promise<DescribeOutcome> {
  let guest: Guest | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    const examined = new Guest({ digest, limits, grants: noGrants }, sendLog(digest));
    guest = examined;
    const late = new BulkheadError('plugin-refused', `it did not describe itself within ${deadline} ms`);
    timer = setTimeout(() => examined.end(late), deadline);
    return { ok: true, runner: await describe(examined) };
  } catch (error) {
    const { code, message, details } = BulkheadError.from(error);
    const refused = code === 'plugin-refused' ? message : `it cannot be instantiated: ${message}`;
    return { ok: false, error: { code: 'plugin-refused', message: refused, details } };
  } finally {
    clearTimeout(timer);
    guest?.dispose();
  }
}

/** The task of the thread: it has no end of its own. */
export default function serveAll(port: MessagePort): Promise<never> {
  const answers = new Outbox<ThreadAnswer>(port, ([id], error) =>
    answers.push([id, undefined, asSendable(error)], true),
  );
  let underWay = 0;
  const serveOne = ([id, request]: RequestMessage): void => {
    serve(request).then(
      (answer) => answers.push([id, answer], --underWay === 0),
      (error: unknown) => answers.push([id, undefined, asSendable(error)], --underWay === 0),
    );
  };
  port.on('message', (batch: readonly RequestMessage[]) => {
    // Node hands over a thousand messages before timers have their turn: each is a sign of life.
    Atomics.add(pulse, pulseCells.beats, 1);
    underWay += batch.length;
    for (const message of batch) serveOne(message);
  });
  return new Promise(() => undefined);
}

/** A defect of the host, as it can be copied to another thread whatever was thrown. */
function asSendable(thrown: unknown): Error {
  const { name, message, stack } = thrown instanceof Error ? thrown : new Error(String(thrown));
  return Object.assign(new Error(message), { name, stack });
}

/** Serves one request. Only a defect of the host makes it throw. */
async function serve(request: ThreadRequest): Promise<ThreadAnswers[ThreadOp]> {
  switch (request.op) {
    case 'add-plugin':
      return void addPlugin(request.code);
    case 'remove-plugin':
      return void removePlugin(request.digest);
    case 'describe':
      return describePlugin(request);
    case 'load':
      return instances.load(request.instance);
    case 'run':
      return instances.run(request.instance, request.call);
    case 'begin-stream':
      return instances.beginStream(request.instance, request.call, request.feed);
    case 'receive-stream':
      return instances.receiveStream(request.id);
    case 'feed':
      return instances.feed(request.id, request.chunk, request.final);
    case 'cancel':
      return instances.cancel(request.id, BulkheadError.fromWire(request.reason)).then(() => undefined);
    case 'drop':
      return void instances.drop(request.id);
    case 'add-kind':
      return void instances.addKind(request.kind);
    case 'remove-kind':
      return void instances.removeKind(request.kind);
    case 'figures':
      return { ...instances.figures(), loopDelay: takeLoopDelay() };
    case 'flush':
      return void parentPort?.postMessage({ kind: 'flushed' } satisfies FlushedMessage);
    default:
      throw new BulkheadError('internal', `unknown request ${JSON.stringify(request satisfies never)}`);
  }
}
