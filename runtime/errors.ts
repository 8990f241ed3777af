/**
 * The closed catalogue of everything that can go wrong.
 *
 * Each code says which gRPC status it becomes, who is to blame, and whether the same request may
 * succeed when it is tried again. `message` is for whoever sent the request; what only the operator
 * should read goes in `cause` and reaches the log. Errors cross threads and processes as plain
 * `{code, message, details}` ({@link BulkheadError.toJSON}), because a class does not survive them.
 */

/** gRPC status names that the catalogue uses. `api/` maps them to numbers; nothing else knows gRPC. */
export type StatusName =
  | 'CANCELLED'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED'
  | 'UNAUTHENTICATED'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'UNIMPLEMENTED'
  | 'INTERNAL'
  | 'UNAVAILABLE';

/** Whose fault it is: the one who sent the request, the plugin, or the host and its operator. */
export type Blame = 'caller' | 'plugin' | 'host';

interface CatalogueEntry {
  readonly status: StatusName;
  readonly blame: Blame;
  readonly retryable: boolean;
  /** What it means, for the reference table of the README. */
  readonly meaning: string;
}

function entry(status: StatusName, blame: Blame, retryable: boolean, meaning: string): CatalogueEntry {
  return { status, blame, retryable, meaning };
}

/** Every code. Sorted by who is to blame, then by the way of a request through the house. */
export const catalogue = {
  unauthenticated: entry('UNAUTHENTICATED', 'caller', false, 'the call brings no token that the server knows'),
  'permission-denied': entry(
    'PERMISSION_DENIED',
    'caller',
    false,
    "the token's role, workers or channels leave that out",
  ),
  'rate-limited': entry('RESOURCE_EXHAUSTED', 'caller', true, 'the token made more calls in a second than it may'),
  'calls-limited': entry('RESOURCE_EXHAUSTED', 'caller', true, 'the token has as many calls under way as it may'),
  'field-missing': entry('INVALID_ARGUMENT', 'caller', false, 'a field that the request needs is not set'),
  'field-invalid': entry('INVALID_ARGUMENT', 'caller', false, 'a field has a value that is not allowed'),
  'args-invalid': entry('INVALID_ARGUMENT', 'caller', false, "the arguments do not decode by the method's schema"),
  'settings-invalid': entry('INVALID_ARGUMENT', 'caller', false, "the settings do not decode by the runner's schema"),
  'method-required': entry(
    'INVALID_ARGUMENT',
    'caller',
    false,
    'the runner has several methods, none of them `run`, and none was named',
  ),
  'method-not-found': entry('INVALID_ARGUMENT', 'caller', false, 'the runner has no method of that name'),
  'method-not-runnable': entry(
    'INVALID_ARGUMENT',
    'caller',
    false,
    'the method does not give its output in the way asked for',
  ),
  'message-too-large': entry('RESOURCE_EXHAUSTED', 'caller', false, 'the request is larger than the server takes'),
  'worker-not-found': entry('NOT_FOUND', 'caller', false, 'no worker has that id or name'),
  'worker-exists': entry('ALREADY_EXISTS', 'caller', false, 'another worker has that name'),
  'job-not-found': entry(
    'NOT_FOUND',
    'caller',
    false,
    'no job has that id, or it has ended and nothing of it was kept',
  ),
  'job-exists': entry('ALREADY_EXISTS', 'caller', true, 'a job with the same unique key is under way'),
  'not-broadcast': entry('INVALID_ARGUMENT', 'caller', false, 'the job does not broadcast its result'),
  'feed-refused': entry('FAILED_PRECONDITION', 'caller', false, 'the job takes no feed, not yet, or not any more'),
  'feed-full': entry('RESOURCE_EXHAUSTED', 'caller', true, 'as many chunks as may wait for the plugin already do'),
  'listen-timeout': entry('DEADLINE_EXCEEDED', 'caller', true, 'the job did not end while it was listened for'),
  'too-many-listeners': entry('RESOURCE_EXHAUSTED', 'host', true, 'as many listeners as there may be are waiting'),
  'listener-too-slow': entry(
    'RESOURCE_EXHAUSTED',
    'caller',
    false,
    'the listener did not read as fast as results came',
  ),
  'runner-not-found': entry('NOT_FOUND', 'caller', false, 'no runner has that id or name'),
  'runner-exists': entry('ALREADY_EXISTS', 'caller', false, 'another plugin is served under that name'),
  'function-not-found': entry('NOT_FOUND', 'caller', false, 'the runner or worker has no method of that name'),
  'function-set-not-found': entry('NOT_FOUND', 'caller', false, 'no function set has that id'),
  'function-set-exists': entry('ALREADY_EXISTS', 'caller', false, 'another function set has that name'),
  'uploads-off': entry('FAILED_PRECONDITION', 'host', false, 'the server has no folder for uploaded plugins'),
  unimplemented: entry('UNIMPLEMENTED', 'caller', false, 'the server does not offer that (yet)'),
  cancelled: entry('CANCELLED', 'caller', false, 'the job was cancelled'),
  'plugin-refused': entry('FAILED_PRECONDITION', 'plugin', false, 'the file is not a plugin that this host can serve'),
  'plugin-start-failed': entry(
    'UNAVAILABLE',
    'plugin',
    true,
    "the plugin's process did not start; the message says why",
  ),
  'plugin-failed': entry('INTERNAL', 'plugin', true, 'the plugin returned an error'),
  'plugin-panicked': entry('INTERNAL', 'plugin', true, 'the plugin panicked; its instance was thrown away'),
  'plugin-trapped': entry('INTERNAL', 'plugin', true, 'the plugin trapped; its instance was thrown away'),
  'plugin-exited': entry('INTERNAL', 'plugin', true, 'the plugin ended its own process or instance'),
  'load-failed': entry('FAILED_PRECONDITION', 'plugin', false, "the plugin's load() refused the worker's settings"),
  'limit-cpu': entry('RESOURCE_EXHAUSTED', 'plugin', false, 'the job used more CPU time than it may'),
  'limit-memory': entry('RESOURCE_EXHAUSTED', 'plugin', false, 'the plugin needs more memory than it may'),
  'limit-output': entry('RESOURCE_EXHAUSTED', 'plugin', false, 'the plugin answered more bytes than it may'),
  'limit-metadata': entry('RESOURCE_EXHAUSTED', 'plugin', false, 'the plugin answered more metadata than it may'),
  'limit-transfer': entry('RESOURCE_EXHAUSTED', 'plugin', false, 'the plugin handed over more in one call than it may'),
  'limit-handles': entry('RESOURCE_EXHAUSTED', 'plugin', false, 'the plugin holds more resource handles than it may'),
  'limit-random': entry(
    'RESOURCE_EXHAUSTED',
    'plugin',
    false,
    'the plugin asked for more random bytes at once than it may',
  ),
  'deadline-exceeded': entry('DEADLINE_EXCEEDED', 'plugin', true, 'the job did not end before its deadline'),
  interrupted: entry('ABORTED', 'host', false, 'the server ended while the job ran, more often than it is tried again'),
  'queue-full': entry('RESOURCE_EXHAUSTED', 'host', true, 'the queue holds as many jobs as it may'),
  'thread-lost': entry('UNAVAILABLE', 'host', true, 'the thread that ran the job was lost'),
  'shutting-down': entry('UNAVAILABLE', 'host', true, 'the server is stopping and takes no new jobs'),
  'config-invalid': entry('FAILED_PRECONDITION', 'host', false, "the server's configuration is wrong"),
  internal: entry('INTERNAL', 'host', false, 'a defect of the host; the log has the details'),
} as const satisfies Record<string, CatalogueEntry>;

/** A code of the catalogue. */
export type ErrorCode = keyof typeof catalogue;

/** Named facts about an error that a program may read. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean>>;

/** An error as it crosses a thread or process border. */
export interface ErrorWire {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: ErrorDetails;
}

/** The error of a cap, which names it and its value. `what` is a clause: "the plugin answered 5 bytes". */
export function overLimit(
  code: ErrorCode & `limit-${string}`,
  limit: string,
  value: number,
  what: string,
): BulkheadError {
  return new BulkheadError(code, `${what}; its limit is ${value} (${limit})`, { details: { limit, value } });
}

/** The one error class. Throw it with a code; catch anything with {@link BulkheadError.from}. */
export class BulkheadError extends Error {
  override readonly name = 'BulkheadError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  get status(): StatusName {
    return catalogue[this.code].status;
  }

  get blame(): Blame {
    return catalogue[this.code].blame;
  }

  get retryable(): boolean {
    return catalogue[this.code].retryable;
  }

  /** The form that crosses borders; {@link BulkheadError.fromWire} is its inverse. */
  toJSON(): ErrorWire {
    return { code: this.code, message: this.message, details: this.details };
  }

  static fromWire(wire: ErrorWire): BulkheadError {
    return new BulkheadError(wire.code, wire.message, wire.details ? { details: wire.details } : {});
  }

  /** Any thrown value as a BulkheadError. What is not one already is a defect of the host: `internal`. */
  static from(thrown: unknown): BulkheadError {
    if (thrown instanceof BulkheadError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new BulkheadError('internal', message, { cause: thrown });
  }
}
