/**
 * Counters, gauges and histograms, and their text for Prometheus (format 0.0.4).
 *
 * Written here and not taken from prom-client, whose last release is of 2024 and which neither bounds the number of
 * series nor lets a hot path hold on to one: a worker's name is a label here, and anybody who may make workers may
 * make names. Every family is bounded; what is above is counted under {@link other}.
 */

/** Stands for all label values above the bound. */
export const other = '(other)';

/** The most series of one family, whatever its labels. */
const mostSeries = 10_000;

type MetricType = 'counter' | 'gauge' | 'histogram';

/** What a metric is; the README's table has it. */
export interface MetricFacts {
  readonly name: string;
  readonly type: MetricType;
  readonly about: string;
  readonly labels: readonly string[];
}

type LabelValues = readonly string[];

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (unit) => (unit === '\n' ? '\\n' : `\\${unit}`));
}

function labelText(names: readonly string[], values: LabelValues, more = ''): string {
  const pairs = names.map((name, index) => `${name}="${escaped(values[index] ?? '')}"`);
  if (more !== '') pairs.push(more);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** The series of one metric, by their label values. */
abstract class Family<Series> implements MetricFacts {
  readonly name: string;
  readonly type: MetricType;
  readonly about: string;
  readonly labels: readonly string[];
  readonly #series = new Map<string, { readonly values: LabelValues; readonly series: Series }>();

  constructor({ name, type, about, labels }: MetricFacts) {
    this.name = name;
    this.type = type;
    this.about = about;
    this.labels = labels;
  }

  /** The series of these values, in the order of the labels. Hold on to it where it is used often. */
  of(...values: LabelValues): Series {
    const key = values.length === 1 ? (values[0] ?? '') : values.join('\u0000');
    const known = this.#series.get(key);
    if (known) return known.series;
    if (this.#series.size < mostSeries) return this.#add(key, values);
    const last = values.map(() => other);
    return this.#series.get(last.join('\u0000'))?.series ?? this.#add(last.join('\u0000'), last);
  }

  #add(key: string, values: LabelValues): Series {
    const series = this.make();
    this.#series.set(key, { values, series });
    return series;
  }

  protected abstract make(): Series;
  protected abstract lines(labels: (more?: string) => string, series: Series): string[];

  /** Forgets all series: a gauge of things that may be gone. */
  clear(): void {
    this.#series.clear();
  }

  text(): string {
    const lines = [...this.#series.values()].flatMap(({ values, series }) =>
      this.lines((more) => labelText(this.labels, values, more), series),
    );
    return [`# HELP ${this.name} ${this.about}`, `# TYPE ${this.name} ${this.type}`, ...lines, ''].join('\n');
  }
}

/** One number. */
export interface Value {
  value: number;
}

/** A counter or a gauge: what happened so far, or what is now. */
export class Numbers extends Family<Value> {
  protected override make(): Value {
    return { value: 0 };
  }

  protected override lines(labels: () => string, { value }: Value): string[] {
    return [`${this.name}${labels()} ${value}`];
  }
}

/** Counts in buckets, each with all that is at most its bound. */
export class Buckets {
  readonly #bounds: readonly number[];
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.sum += value;
    this.count++;
    const at = this.#bounds.findIndex((bound) => value <= bound);
    if (at >= 0) this.counts[at] = (this.counts[at] ?? 0) + 1;
  }
}

export class Histogram extends Family<Buckets> {
  readonly #bounds: readonly number[];

  constructor(facts: Omit<MetricFacts, 'type'>, bounds: readonly number[]) {
    super({ ...facts, type: 'histogram' });
    this.#bounds = bounds;
  }

  protected override make(): Buckets {
    return new Buckets(this.#bounds);
  }

  protected override lines(labels: (more?: string) => string, { counts, sum, count }: Buckets): string[] {
    let below = 0;
    const buckets = this.#bounds.map((bound, index) => {
      below += counts[index] ?? 0;
      return `${this.name}_bucket${labels(`le="${bound}"`)} ${below}`;
    });
    return [
      ...buckets,
      `${this.name}_bucket${labels('le="+Inf"')} ${count}`,
      `${this.name}_sum${labels()} ${sum}`,
      `${this.name}_count${labels()} ${count}`,
    ];
  }
}

/** The first so many names are themselves, further ones are {@link other}. */
export class Names {
  readonly #known = new Set<string>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  of(name: string): string {
    if (this.#known.has(name)) return name;
    if (this.#known.size >= this.#most) return other;
    this.#known.add(name);
    return name;
  }
}
