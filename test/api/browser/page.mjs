/**
 * What the test's page does: calls with the stock client, grpc-web, and with bare fetch. Messages are bytes, so
 * that there is nothing in the page but the client.
 *
 * Each function is called from the test, and answers plain JSON.
 */

/** @type {typeof import('grpc-web')} */
const grpcWeb = await import(new URL('./grpc-web.mjs', import.meta.url).href);
const { GrpcWebClientBase, MethodDescriptor, MethodType } = grpcWeb;
const utf8 = new TextDecoder();

/**
 * @typedef {object} Ask
 * @property {string} server
 * @property {string} path
 * @property {string} [request] Text of the message, or base64 of it with `bytes`.
 * @property {boolean} [bytes] Messages are base64 instead of text.
 * @property {'text' | 'binary'} format
 * @property {Record<string, string>} [headers]
 * @property {number} [cancelAfter] Cancel after so many messages.
 */

/**
 * @typedef {object} Told
 * @property {string[]} messages
 * @property {Record<string, string>} headers
 * @property {{ code: number, details: string, metadata: Record<string, string> } | undefined} status
 * @property {{ code: number, message: string, metadata: Record<string, string> } | undefined} error
 */

/** @param {Ask} ask */
function encode({ request = '', bytes }) {
  return bytes ? Uint8Array.from(atob(request), (unit) => unit.charCodeAt(0)) : new TextEncoder().encode(request);
}

/**
 * @param {Ask} ask
 * @param {Uint8Array} message
 */
function decode({ bytes }, message) {
  return bytes ? btoa(String.fromCharCode(...message)) : utf8.decode(message);
}

/**
 * @param {Ask} ask
 * @param {string} kind
 * @returns {import('grpc-web').MethodDescriptor<Uint8Array, Uint8Array>}
 */
function descriptor({ path }, kind) {
  const asIs = (/** @type {Uint8Array} */ message) => message;
  const type = /** @type {new () => Uint8Array} */ (/** @type {unknown} */ (Uint8Array));
  return new MethodDescriptor(path, kind, type, type, asIs, asIs);
}

/**
 * @param {import('grpc-web').ClientReadableStream<Uint8Array>} call
 * @param {Ask} ask
 * @returns {Promise<Told>}
 */
function listen(call, ask) {
  /** @type {Told} */
  const told = { messages: [], headers: {}, status: undefined, error: undefined };
  return new Promise((resolve) => {
    call.on('metadata', (headers) => Object.assign(told.headers, headers));
    call.on('data', (message) => {
      told.messages.push(decode(ask, message));
      if (told.messages.length !== ask.cancelAfter) return;
      call.cancel();
      resolve(told);
    });
    call.on('status', ({ code, details, metadata = {} }) => {
      told.status = { code, details, metadata };
    });
    call.on('error', ({ code, message, metadata }) => {
      told.error = { code, message, metadata };
      resolve(told);
    });
    call.on('end', () => resolve(told));
  });
}

const page = {
  /** @param {Ask} ask */
  unary: (ask) => {
    const client = new GrpcWebClientBase({ format: ask.format });
    return new Promise((resolve) => {
      /** @type {Told} */
      const told = { messages: [], headers: {}, status: undefined, error: undefined };
      const answered = (/** @type {import('grpc-web').RpcError | null} */ error, /** @type {Uint8Array} */ message) => {
        if (error) told.error = { code: error.code, message: error.message, metadata: error.metadata };
        else told.messages.push(decode(ask, message));
        // The client tells the status after the answer.
        setTimeout(() => resolve(told), 0);
      };
      const call = client.rpcCall(
        ask.server + ask.path,
        encode(ask),
        ask.headers ?? {},
        descriptor(ask, MethodType.UNARY),
        answered,
      );
      call.on('metadata', (headers) => Object.assign(told.headers, headers));
      call.on('status', ({ code, details, metadata = {} }) => {
        told.status = { code, details, metadata };
      });
    });
  },

  /** @param {Ask} ask */
  stream: (ask) => {
    const client = new GrpcWebClientBase({ format: ask.format });
    const kind = MethodType.SERVER_STREAMING;
    return listen(
      client.serverStreaming(ask.server + ask.path, encode(ask), ask.headers ?? {}, descriptor(ask, kind)),
      ask,
    );
  },

  /**
   * A call with fetch that is given up once its server has it; answers the name of the error.
   * @param {Ask} ask
   */
  abandon: async ({ server, path }) => {
    const controller = new AbortController();
    const answer = fetch(server + path, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc-web+proto' },
      body: new Uint8Array(5),
      signal: controller.signal,
    });
    Object.assign(globalThis, { abandonNow: () => controller.abort() });
    return answer.then(
      () => 'answered',
      (/** @type {Error} */ error) => error.name,
    );
  },

  /**
   * Reads a stream with fetch as it comes, and answers how many bytes came; with `cancelAfter` of the first part.
   * @param {Ask} ask
   */
  read: async (ask) => {
    const message = encode(ask);
    const frame = new Uint8Array(5 + message.length);
    new DataView(frame.buffer).setUint32(1, message.length);
    frame.set(message, 5);
    const answer = await fetch(ask.server + ask.path, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc-web+proto' },
      body: frame,
    });
    const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).getReader();
    let bytes = 0;
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      bytes += part.value.length;
      if (ask.cancelAfter !== undefined) await reader.cancel();
    }
    return bytes;
  },
};

Object.assign(globalThis, { page });
