/** Plugins that attack the host while it asks them what they are, with a CPU budget of 500 ms. */
export interface AdmissionCase {
  readonly plugin: string;
  /** What the refusal says. Nothing said: the plugin is taken. */
  readonly refused?: RegExp;
  /** Methods of a plugin that is taken, sorted. */
  readonly methods?: readonly string[];
}

const overCpu = /used up its CPU time.* 500 \(cpuMs\)/;

export const admissions: readonly AdmissionCase[] = [
  { plugin: 'loop-at-start', refused: overCpu },
  { plugin: 'loop-in-constructor', refused: overCpu },
  { plugin: 'loop-in-name', refused: overCpu },
  { plugin: 'loop-in-methods', refused: overCpu },
  { plugin: 'loop-in-supports-feed', refused: overCpu },
  { plugin: 'sleep-in-constructor', refused: /did not describe itself within 10000 ms/ },
  { plugin: '../ctor-panics', refused: /^in its constructor or name\(\): the plugin panicked/ },
  { plugin: '../schema-panics', refused: /^in method-proto-map\(\): the plugin panicked/ },
  { plugin: 'panic-in-name', refused: /^in its constructor or name\(\): the plugin panicked at .*: no name$/ },
  { plugin: 'exit-in-constructor', refused: /^in its constructor or name\(\): the plugin called exit/ },
  { plugin: 'name-huge', refused: /name has 1048576 characters; at most 128/ },
  { plugin: 'name-empty', refused: /name is empty/ },
  { plugin: 'name-control', refused: /name/ },
  { plugin: 'method-control', refused: /method/ },
  { plugin: 'methods-many', refused: /10000 methods; at most 256/ },
  { plugin: 'methods-twice', refused: /the method run twice/ },
  { plugin: 'methods-none', refused: /names no method/ },
  { plugin: 'methods-texts', refused: /./ },
  { plugin: 'schema-huge', refused: /args-proto of method run has \d+ characters; at most/ },
  { plugin: 'schema-nested', refused: /args_proto/ },
  { plugin: 'schema-brackets', refused: /args_proto/ },
  { plugin: 'schema-imports', refused: /import/ },
  { plugin: 'schema-recursive', methods: ['run'] },
  { plugin: 'schema-prototype', methods: ['__proto__', 'constructor', 'toString'] },
  { plugin: 'schema-proto-field', refused: /nothing may be called '__proto__'/ },
  { plugin: 'schema-json-broken', methods: ['run'] },
  { plugin: '../broken-proto', refused: /line 3/ },
  { plugin: '../old-api', refused: /plugin=0\.0\.9/ },
  { plugin: '../other-world', refused: /another world/ },
  { plugin: '../no-facet', refused: /exports nothing/ },
];
