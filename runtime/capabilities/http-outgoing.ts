/** What a guest sends: the resources `outgoing-request`, `outgoing-body` and `request-options` of wasi:http. */
import { type InstanceContext, type Io, WitError } from './capability.ts';
import { RequestBody } from './http-body.ts';
import { HttpFailure } from './http-errors.ts';
import { type FieldEntry, type FieldsClass, sizeOf, token } from './http-fields.ts';
import type { RequestHead } from './http-redirect.ts';

interface WitMethod {
  readonly tag: string;
  readonly val?: string;
}
interface WitScheme {
  readonly tag: 'HTTP' | 'HTTPS' | 'other';
  readonly val?: string;
}
type Fields = InstanceType<FieldsClass>;

const longestPath = 16_384;

/** The `err` of a `result` that says no more. */
const plainError = () => new WitError(undefined);

/** Names what the guest may ask for: no user, no path, nothing that a URL's grammar takes for something else. */
const authoritySyntax = /^(?:\[[\da-fA-F:.]+\]|[^\s/?#@\\:[\]]+)(?::\d{1,5})?$/;

/** The length that the fields declare. Throws where they contradict themselves. */
function declaredLength(entries: readonly FieldEntry[]): number | undefined {
  const [first, ...others] = entries.flatMap(([name, value]) =>
    name.toLowerCase() === 'content-length' ? [Buffer.from(value).toString('latin1')] : [],
  );
  if (first === undefined) return undefined;
  if (others.length > 0 || !/^\d{1,15}$/.test(first)) throw new HttpFailure('HTTP-protocol-error');
  return Number(first);
}

/** Makes the classes of one instance. */
export function createOutgoing(context: InstanceContext, io: Io, Fields: FieldsClass) {
  class OutgoingBody extends io.Resource {
    readonly body: RequestBody;
    #isTaken = false;
    #isFinished = false;

    constructor(body: RequestBody) {
      super();
      this.body = body;
    }
    write(): object {
      if (this.#isTaken) throw plainError();
      this.#isTaken = true;
      return io.output(this.body.sink());
    }
    static finish(self: OutgoingBody, trailers: Fields | undefined): void {
      const list = trailers?.take();
      const pairs = (list?.entries ?? []).map(([name, value]): [string, string] => [
        name,
        Buffer.from(value).toString('latin1'),
      ]);
      list?.free();
      self.#isFinished = true;
      self[Symbol.dispose]();
      try {
        self.body.finish(pairs);
      } catch (error) {
        throw error instanceof HttpFailure ? new WitError(error.code) : error;
      }
    }
    override [Symbol.dispose](): void {
      if (!this.#isFinished) this.body.fail(new HttpFailure('connection-terminated'));
      super[Symbol.dispose]();
    }
  }

  class OutgoingRequest extends io.Resource {
    readonly #fields: Fields['list'];
    #method: WitMethod = { tag: 'get' };
    #path: string | undefined;
    #scheme: WitScheme | undefined;
    #authority: string | undefined;
    #body: RequestBody | undefined;

    constructor(headers: Fields) {
      super();
      this.#fields = headers.take();
    }

    body(): OutgoingBody {
      if (this.#body) throw plainError();
      this.#body = new RequestBody(this.#declared(), context.limits.requestBytes);
      return new OutgoingBody(this.#body);
    }
    method(): WitMethod {
      return this.#method;
    }
    setMethod(method: WitMethod): void {
      if (method.tag === 'other' && !token.test(method.val ?? '')) throw plainError();
      this.#method = method;
    }
    pathWithQuery(): string | undefined {
      return this.#path;
    }
    setPathWithQuery(path: string | undefined): void {
      // No fragment, no space, no control; and no absolute form, which names another host.
      if (path !== undefined && !/^(?:[/?][!"$-~]*)?$/.test(path)) throw plainError();
      this.#path = path;
    }
    scheme(): WitScheme | undefined {
      return this.#scheme;
    }
    setScheme(scheme: WitScheme | undefined): void {
      if (scheme?.tag === 'other' && !/^[a-zA-Z][\w+.-]*$/.test(scheme.val ?? '')) throw plainError();
      this.#scheme = scheme;
    }
    authority(): string | undefined {
      return this.#authority;
    }
    setAuthority(authority: string | undefined): void {
      if (authority !== undefined && !authoritySyntax.test(authority)) throw plainError();
      this.#authority = authority;
    }
    headers(): Fields {
      return new Fields(this.#fields);
    }

    /** The handle is used up. Throws an {@link HttpFailure} where the request cannot be sent as it is. */
    take(): { head: RequestHead; body: RequestBody | undefined } {
      const headers = [...this.#fields.entries];
      this[Symbol.dispose]();
      const declared = declaredLength(headers);
      if (!this.#body && (declared ?? 0) > 0) throw new HttpFailure('HTTP-request-body-size', 0n);
      if (sizeOf(headers) > context.limits.headerBytes) {
        throw new HttpFailure('HTTP-request-header-section-size', sizeOf(headers));
      }
      return { head: { ...this.#target(), headers }, body: this.#body };
    }
    override [Symbol.dispose](): void {
      this.#fields.free();
      super[Symbol.dispose]();
    }

    #declared(): number | undefined {
      try {
        return declaredLength(this.#fields.entries);
      } catch {
        // Told when it is sent.
        return undefined;
      }
    }
    #target(): Omit<RequestHead, 'headers'> {
      const method = (this.#method.tag === 'other' ? (this.#method.val ?? '') : this.#method.tag).toUpperCase();
      // A tunnel would be a way around every rule.
      if (method === 'CONNECT') throw new HttpFailure('HTTP-request-method-invalid');
      const scheme = this.#scheme?.tag ?? 'HTTPS';
      const origin = `${scheme.toLowerCase()}://${this.#authority}`;
      if (scheme === 'other' || this.#authority === undefined || !URL.canParse(origin)) {
        throw new HttpFailure('HTTP-request-URI-invalid');
      }
      const path = this.#path ?? '';
      if (path.length > longestPath) throw new HttpFailure('HTTP-request-URI-too-long');
      return { method, url: new URL(origin), path: path.startsWith('/') ? path : `/${path}` };
    }
  }

  class RequestOptions extends io.Resource {
    #connect: bigint | undefined;
    #firstByte: bigint | undefined;
    #betweenBytes: bigint | undefined;

    connectTimeout(): bigint | undefined {
      return this.#connect;
    }
    setConnectTimeout(nanos: bigint | undefined): void {
      this.#connect = nanos;
    }
    firstByteTimeout(): bigint | undefined {
      return this.#firstByte;
    }
    setFirstByteTimeout(nanos: bigint | undefined): void {
      this.#firstByte = nanos;
    }
    betweenBytesTimeout(): bigint | undefined {
      return this.#betweenBytes;
    }
    setBetweenBytesTimeout(nanos: bigint | undefined): void {
      this.#betweenBytes = nanos;
    }
  }
  return { OutgoingBody, OutgoingRequest, RequestOptions };
}
