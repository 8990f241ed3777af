/**
 * An executor for tests: plugins are JavaScript functions. It keeps the contract's promises about one
 * call at a time, aborting and disposing, so that a test sees when a stage breaks them.
 */
import { BulkheadError } from '../../runtime/errors.ts';
import type {
  AdmittedPlugin,
  CallOptions,
  Executor,
  InstanceSpec,
  OutputStream,
  PluginInstance,
} from '../../runtime/executor/executor.ts';
import type { CallOutcome, MethodCall } from '../../runtime/model/call.ts';
import type { MethodDescription, RunnerDescription } from '../../runtime/model/method.ts';

/** The body of a fake plugin. `state` belongs to its instance. */
export type FakeBody = (
  call: MethodCall,
  signal: AbortSignal | undefined,
  state: { calls: number },
) => Promise<CallOutcome> | CallOutcome;

/** A runner description with the usual values filled in. */
export function describe(
  name: string,
  methods: readonly Partial<MethodDescription>[] = [{}],
  settingsProto = '',
): RunnerDescription {
  return {
    name,
    description: `${name}, a fake`,
    settingsProto,
    settingsJsonSchema: '',
    methods: methods.map((method) => ({
      name: 'run',
      argsProto: '',
      resultProto: '',
      outputType: 'non-streaming',
      needFeed: false,
      ...method,
    })),
  };
}

/** A plugin as if admitted from a file. */
export function admitted(runner: RunnerDescription): AdmittedPlugin {
  return {
    digest: `digest of ${runner.name}`,
    path: `/plugins/${runner.name}.wasm`,
    facets: ['runner'],
    imports: [],
    runner,
  };
}

/** A successful outcome. */
export function ok(output: Uint8Array, metadata: Record<string, string> = {}): CallOutcome {
  return { ok: true, output, metadata };
}

/** Makes instances that run the body. */
export class FakeExecutor implements Executor {
  readonly instances: FakeInstance[] = [];
  readonly #body: FakeBody;

  constructor(body: FakeBody) {
    this.#body = body;
  }

  get live(): number {
    return this.instances.filter((instance) => !instance.disposed).length;
  }

  admit(): Promise<AdmittedPlugin> {
    throw new BulkheadError('plugin-refused', 'a fake executor admits no files');
  }

  dismiss(): void {}

  instance(spec: InstanceSpec): FakeInstance {
    const instance = new FakeInstance(spec, this.#body);
    this.instances.push(instance);
    return instance;
  }

  async close(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.dispose()));
  }
}

class FakeInstance implements PluginInstance {
  readonly spec: InstanceSpec;
  readonly #body: FakeBody;
  disposed = false;
  #busy = false;
  readonly #state = { calls: 0 };

  constructor(spec: InstanceSpec, body: FakeBody) {
    this.spec = spec;
    this.#body = body;
  }

  async load(): Promise<void> {}

  async run(call: MethodCall, options: CallOptions = {}): Promise<CallOutcome> {
    if (this.#busy || this.disposed)
      throw new BulkheadError('internal', this.#busy ? 'a second call at once' : 'a call after dispose');
    this.#busy = true;
    try {
      const state = this.spec.isolation === 'kept' ? this.#state : { calls: 0 };
      state.calls++;
      return await this.#body(call, options.signal, state);
    } finally {
      this.#busy = false;
    }
  }

  stream(): OutputStream {
    throw new BulkheadError('internal', 'a fake instance does not stream');
  }

  async feed(): Promise<void> {
    throw new BulkheadError('field-invalid', 'a fake instance takes no feed');
  }

  async dispose(): Promise<void> {
    this.disposed = true;
  }
}
