/** One sample line. `labels` is in the order of the line. */
export type Sample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

export type FamilyType = "counter" | "gauge" | "histogram" | "summary" | "untyped";

export type ParsedFamily = {
  readonly name: string;
  readonly type: FamilyType;
  readonly help: string;
  readonly samples: readonly Sample[];
};

type OpenFamily = { name: string; type?: FamilyType; help?: string; samples: Sample[] };

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const LABEL_VALUE = /"((?:[^"\\\n]|\\["\\n])*)"/y;
const VALUE = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?Inf|NaN)$/i;
const TYPES: ReadonlySet<string> = new Set(["counter", "gauge", "histogram", "summary", "untyped"]);
const SUFFIXES: Readonly<Record<FamilyType, readonly string[]>> = {
  counter: [""],
  gauge: [""],
  untyped: [""],
  histogram: ["_bucket", "_sum", "_count"],
  summary: ["", "_sum", "_count"],
};

/**
 * Reads the text format 0.0.4 and refuses what a good exposition never holds: a family in two places,
 * HELP or TYPE missing, twice or late, a series twice, a broken escape, a time stamp, a histogram whose
 * buckets fall or whose count is not its last bucket.
 *
 * @throws Error naming the line, counted from 1.
 */
export function parseExposition(text: string): ReadonlyMap<string, ParsedFamily> {
  const families = new Map<string, OpenFamily>();
  const seen = new Set<string>();
  let open: OpenFamily | undefined;
  if (text !== "" && !text.endsWith("\n")) throw new Error("The last line has no newline");
  for (const [index, line] of text.split("\n").entries()) {
    const refuse = (problem: string): Error => new Error(`Line ${index + 1}: ${problem}: ${line}`);
    if (line === "") continue;
    if (line.startsWith("#")) {
      const [, keyword = "", name = "", rest = ""] =
        /^# (HELP|TYPE) (\S+) ([^\n]*)$/.exec(line) ?? refuseNow(refuse("not a HELP or TYPE line"));
      if (!METRIC_NAME.test(name)) throw refuse("not a metric name");
      if (open?.name !== name) {
        if (families.has(name)) throw refuse("the family is in two places");
        open = { name, samples: [] };
        families.set(name, open);
      }
      if (open.samples.length > 0) throw refuse(`${keyword} after a sample`);
      if (keyword === "HELP") {
        if (open.help !== undefined) throw refuse("HELP twice");
        open.help = unescape(rest, /\\([^])/g, { "\\": "\\", n: "\n" }, refuse);
      } else {
        if (open.type !== undefined) throw refuse("TYPE twice");
        if (!isFamilyType(rest)) throw refuse("unknown type");
        open.type = rest;
      }
      continue;
    }
    const sample = parseSample(line, refuse);
    if (open === undefined || open.type === undefined) throw refuse("a sample without TYPE");
    if (open.help === undefined) throw refuse("a sample without HELP");
    const family = open.name;
    if (!SUFFIXES[open.type].some((suffix) => sample.name === family + suffix)) {
      throw refuse(`not a sample of ${open.type} ${family}`);
    }
    const identity = JSON.stringify([sample.name, Object.entries(sample.labels).sort(byName)]);
    if (seen.has(identity)) throw refuse("the series is there twice");
    seen.add(identity);
    open.samples.push(sample);
  }
  const whole = new Map<string, ParsedFamily>();
  for (const { name, type, help, samples } of families.values()) {
    if (type === undefined || help === undefined) throw new Error(`${name} lacks HELP or TYPE`);
    const family = { name, type, help, samples };
    if (type === "histogram") checkHistogram(family);
    whole.set(name, family);
  }
  return whole;
}

/**
 * The value of the one sample of this name that carries all of `labels`.
 *
 * @returns undefined when there is none. @throws Error when several fit.
 */
export function sampleValue(
  families: ReadonlyMap<string, ParsedFamily>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const fitting = samplesOf(families, name).filter((sample) =>
    Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
  if (fitting.length > 1) throw new Error(`${fitting.length} samples of ${name} fit these labels`);
  return fitting[0]?.value;
}

/** Every sample of this name (`…_bucket` and the like are names of their own). */
export function samplesOf(
  families: ReadonlyMap<string, ParsedFamily>,
  name: string,
): readonly Sample[] {
  const family = families.get(name) ?? families.get(name.replace(/_(?:bucket|sum|count)$/, ""));
  return (family?.samples ?? []).filter((sample) => sample.name === name);
}

function parseSample(line: string, refuse: (problem: string) => Error): Sample {
  const [name = ""] = /^[^{ ]*/.exec(line) ?? [];
  if (!METRIC_NAME.test(name)) throw refuse("not a metric name");
  const labels: Record<string, string> = {};
  let at = name.length;
  if (line[at] === "{") {
    at += 1;
    while (line[at] !== "}") {
      LABEL_NAME.lastIndex = at;
      const label = LABEL_NAME.exec(line)?.[0];
      if (label === undefined || line[at + label.length] !== "=") throw refuse("not a label name");
      if (Object.hasOwn(labels, label)) throw refuse(`label ${label} is there twice`);
      LABEL_VALUE.lastIndex = at + label.length + 1;
      const quoted = LABEL_VALUE.exec(line);
      if (quoted === null) throw refuse(`the value of label ${label} is not well quoted`);
      labels[label] = unescape(
        quoted[1] ?? "",
        /\\([^])/g,
        { "\\": "\\", n: "\n", '"': '"' },
        refuse,
      );
      at = LABEL_VALUE.lastIndex;
      if (line[at] === ",") at += 1;
      else if (line[at] !== "}") throw refuse("the label set does not end");
    }
    at += 1;
  }
  if (line[at] !== " ") throw refuse("no space before the value");
  const value = line.slice(at + 1);
  if (!VALUE.test(value)) throw refuse("not a value (and nothing after it)");
  return { name, labels, value: parseValue(value) };
}

function parseValue(text: string): number {
  if (/inf$/i.test(text)) {
    return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  return /^nan$/i.test(text) ? Number.NaN : Number(text);
}

function unescape(
  text: string,
  escape: RegExp,
  meanings: Readonly<Record<string, string>>,
  refuse: (problem: string) => Error,
): string {
  return text.replace(escape, (_whole, character: string) => {
    const meaning = meanings[character];
    if (meaning === undefined) throw refuse(`unknown escape \\${character}`);
    return meaning;
  });
}

function checkHistogram(family: ParsedFamily): void {
  type Series = { bounds: number[]; counts: number[]; sum?: number; count?: number };
  const bySeries = new Map<string, Series>();
  for (const { name, labels, value } of family.samples) {
    const { le, ...own } = labels;
    const identity = JSON.stringify(Object.entries(own).sort(byName));
    const series = bySeries.get(identity) ?? { bounds: [], counts: [] };
    bySeries.set(identity, series);
    if (name.endsWith("_bucket")) {
      if (le === undefined || !VALUE.test(le)) throw new Error(`${name} without le: ${identity}`);
      series.bounds.push(parseValue(le));
      series.counts.push(value);
    } else {
      if (le !== undefined) throw new Error(`${name} has le: ${identity}`);
      series[name.endsWith("_sum") ? "sum" : "count"] = value;
    }
  }
  for (const [identity, { bounds, counts, sum, count }] of bySeries) {
    const refuse = (problem: string): Error => new Error(`${family.name} ${identity}: ${problem}`);
    if (sum === undefined || count === undefined) throw refuse("_sum or _count is missing");
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY) throw refuse("the last bucket is not +Inf");
    if (bounds.some((bound, at) => bound <= (bounds[at - 1] ?? Number.NEGATIVE_INFINITY))) {
      throw refuse("the bounds do not rise");
    }
    if (counts.some((value, at) => value < (counts[at - 1] ?? 0))) throw refuse("buckets fall");
    if (counts.at(-1) !== count) throw refuse("_count is not the +Inf bucket");
  }
}

function isFamilyType(text: string): text is FamilyType {
  return TYPES.has(text);
}

function refuseNow(error: Error): never {
  throw error;
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
