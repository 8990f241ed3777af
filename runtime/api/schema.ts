/**
 * Loads the `.proto` files of `proto/` and gives, for each message, the codec between bytes and the
 * types of `model/messages.gen.ts`, and for each service the definition that grpc-js wants.
 *
 * The files are the only source: the types, the codecs and the reflection service all come from them.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { type Codec, CodecBook } from '../model/codec.ts';
import type { Messages, Services } from '../model/messages.gen.ts';

/** The folder that import paths of the `.proto` files start from. */
export const protoFolder: string = fileURLToPath(new URL('../../proto/', import.meta.url));

/** What is spoken with plugin processes; callers are not offered it. */
const processFolders = ['bulkhead/process/', 'goplugin/'];

/** All `.proto` files, relative to {@link protoFolder}, sorted. */
export function allProtos(): string[] {
  const all = readdirSync(protoFolder, { recursive: true, encoding: 'utf8' });
  return all
    .filter((path) => path.endsWith('.proto'))
    .map((path) => path.replaceAll('\\', '/'))
    .sort();
}

/** The files of the interface that the server serves. */
function servedProtos(): string[] {
  return allProtos().filter((path) => !processFolders.some((folder) => path.startsWith(folder)));
}

/** The files parsed into one tree; not said: those that are served. Throws where one is broken; the message names it. */
export function loadProtos(files: readonly string[] = servedProtos()): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => join(protoFolder, target);
  root.loadSync([...files], { keepCase: true, alternateCommentMode: true });
  root.resolveAll();
  return root;
}

/** Codecs and service definitions of the whole interface. Loading takes some 30 ms; share one. */
export class WireSchema {
  /** The parsed files. */
  readonly root: protobuf.Root;
  readonly #book = new CodecBook();

  constructor(root: protobuf.Root = loadProtos()) {
    this.root = root;
  }

  /** The codec of a message, by its full name. */
  codec<N extends keyof Messages>(name: N): Codec<Messages[N]> {
    return this.#book.of(this.root.lookupType(name));
  }

  /** A service for grpc-js, method names as in the `.proto` file. */
  service(name: keyof Services): ServiceDefinition {
    const service = this.root.lookupService(name);
    const definition: { [method: string]: ServiceDefinition[string] } = {};
    for (const method of service.methodsArray) {
      method.resolve();
      if (!method.resolvedRequestType || !method.resolvedResponseType)
        throw new TypeError(`${name}/${method.name} has no types`);
      const request: Codec<unknown> = this.#book.of(method.resolvedRequestType);
      const response: Codec<unknown> = this.#book.of(method.resolvedResponseType);
      definition[method.name] = {
        path: `/${name}/${method.name}`,
        requestStream: method.requestStream === true,
        responseStream: method.responseStream === true,
        requestSerialize: request.encode,
        requestDeserialize: request.decode,
        responseSerialize: response.encode,
        responseDeserialize: response.decode,
        originalName: method.name,
      };
    }
    return definition;
  }

  /** The full names of all services, sorted. */
  serviceNames(): (keyof Services)[] {
    const names: string[] = [];
    const visit = (space: protobuf.NamespaceBase): void => {
      for (const child of space.nestedArray) {
        if (child instanceof protobuf.Service) names.push(child.fullName.slice(1));
        else if (child instanceof protobuf.Namespace) visit(child);
      }
    };
    visit(this.root);
    return names.sort() as (keyof Services)[];
  }
}
