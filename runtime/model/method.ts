/** What a plugin's method takes and gives: the schemas, as the plugin described them. */

/** How a method gives its output; `none` is listed but never executed. */
type OutputType = 'non-streaming' | 'streaming' | 'both' | 'none';

/** One method. The proto fields are Protocol Buffers source text; empty means plain bytes. */
export interface MethodDescription {
  readonly name: string;
  readonly argsProto: string;
  readonly resultProto: string;
  readonly description?: string;
  readonly outputType: OutputType;
  readonly needFeed: boolean;
  readonly feedDataProto?: string;
  /** JSON Schemas of the author's own making, where there are any. */
  readonly jsonSchema?: { readonly args: string; readonly result?: string; readonly feedData?: string };
}

/** What a runner plugin says of itself. */
export interface RunnerDescription {
  readonly name: string;
  readonly description: string;
  readonly settingsProto: string;
  /** JSON Schema of the settings; empty where the plugin gives none. */
  readonly settingsJsonSchema: string;
  readonly methods: readonly MethodDescription[];
}

/** The method that a call is for: the one that is named, the only one, or `run`, as in jobworkerp-rs. */
export function methodFor(
  methods: readonly MethodDescription[],
  using: string | undefined,
): MethodDescription | undefined {
  if (using) return methods.find(({ name }) => name === using);
  return methods.length === 1 ? methods[0] : methods.find(({ name }) => name === 'run');
}
