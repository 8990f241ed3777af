/**
 * What is spoken with a plugin's process, from the `.proto` files: the runner's service, and those that every plugin of
 * go-plugin serves. They are between host and process; the server's own interface does not have them.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { type Codec, CodecBook } from '../../model/codec.ts';
import type { Services } from '../../model/messages.gen.ts';

const folder = fileURLToPath(new URL('../../../proto/', import.meta.url));
const files = ['bulkhead/process/v1/runner.proto', 'goplugin/goplugin.proto'];

type RequestOf<S extends keyof Services, M extends keyof Services[S]> = Services[S][M] extends {
  readonly request: infer Request;
}
  ? Request
  : never;
type ResponseOf<S extends keyof Services, M extends keyof Services[S]> = Services[S][M] extends {
  readonly response: infer Response;
}
  ? Response
  : never;

/** One RPC: where it is, and how its messages become bytes. */
export interface WireMethod<Request, Response> {
  readonly path: string;
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
}

/** All RPCs of plugin processes. */
export type Wire = ReturnType<typeof load>;

let loaded: Wire | undefined;

/** Loads the files with the first call, which takes some milliseconds. */
export function wire(): Wire {
  loaded ??= load();
  return loaded;
}

function load() {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => join(folder, target);
  root.loadSync(files, { keepCase: true });
  root.resolveAll();
  const book = new CodecBook();
  function method<S extends keyof Services, M extends keyof Services[S] & string>(
    service: S,
    name: M,
  ): WireMethod<RequestOf<S, M>, ResponseOf<S, M>> {
    const found = root.lookupService(service).methods[name];
    const [request, response] = [found?.resolvedRequestType, found?.resolvedResponseType];
    if (!request || !response) throw new TypeError(`${service}/${name} is not there`);
    return { path: `/${service}/${name}`, request: book.of(request), response: book.of(response) };
  }
  return {
    describe: method('bulkhead.process.v1.RunnerPlugin', 'Describe'),
    load: method('bulkhead.process.v1.RunnerPlugin', 'Load'),
    run: method('bulkhead.process.v1.RunnerPlugin', 'Run'),
    stream: method('bulkhead.process.v1.RunnerPlugin', 'Stream'),
    cancel: method('bulkhead.process.v1.RunnerPlugin', 'Cancel'),
    broker: method('plugin.GRPCBroker', 'StartStream'),
    stdio: method('plugin.GRPCStdio', 'StreamStdio'),
    shutdown: method('plugin.GRPCController', 'Shutdown'),
  };
}
