import type { EngineOptions } from "../icmp/options.ts";
import { Steps } from "../metrics/steps.ts";
import type { TextSink } from "../metrics/text.ts";
import type { Module } from "../probe/module.ts";
import type { FastPace, Group } from "../target/group.ts";
import type { Labels } from "../target/labels.ts";
import { durationText, shownModule } from "./shown-module.ts";
import { quotedText, yamlText } from "./yaml-text.ts";

/** A configuration in force, as far as it is shown. Durations are seconds. */
export type ShownConfig = {
  readonly modules: Readonly<Record<string, Module>>;
  readonly groups: readonly Group[];
  readonly icmp: EngineOptions;
  readonly resolver: object;
  readonly probers: object;
  readonly probe: object;
};

/** Of `resolver:`: what is written as a duration. */
const RESOLVER_DURATIONS: ReadonlySet<string> = new Set(["timeout", "min_ttl", "max_ttl"]);

/** Large enough that the socket's own cost is small. */
const CHUNK_CHARACTERS = 32 * 1024;

/**
 * The configuration in force as a file that says the same: built-in modules and defaults written out,
 * labels merged, secrets hidden. It loads again once the hidden secrets are put back.
 *
 * Written in steps, because a configuration may have a hundred thousand targets.
 *
 * @param options.remarks One line each, for the top of the file.
 * @throws the signal's reason when it is aborted.
 */
export async function writeConfigPage(
  config: ShownConfig,
  options: {
    readonly remarks: readonly string[];
    readonly sink: TextSink;
    readonly signal: AbortSignal;
    readonly monotonicSeconds: () => number;
  },
): Promise<void> {
  const { sink, signal, monotonicSeconds } = options;
  const steps = new Steps({ signal, monotonicSeconds });
  let chunk = options.remarks.map((line) => `# ${line}\n`).join("");
  for (const part of partsOf(config)) {
    chunk += part;
    if (chunk.length >= CHUNK_CHARACTERS) {
      const full = chunk;
      chunk = "";
      await sink.write(full);
    }
    if (steps.isDue()) await steps.turn();
  }
  await sink.write(chunk);
}

function* partsOf(config: ShownConfig): Generator<string> {
  yield "modules:\n";
  for (const [name, module] of Object.entries(config.modules)) {
    yield entryOf("modules", { [name]: shownModule(module) });
  }
  const fastSeconds = fastIntervalOfDefaults(config);
  if (fastSeconds !== undefined) {
    yield yamlText({ defaults: { fast_interval: durationText(fastSeconds) } });
  }
  if (config.groups.length > 0) yield "groups:\n";
  for (const group of config.groups) yield* groupParts(group, paceOf(group, config));
  const { icmp, resolver, probers, probe } = config;
  yield yamlText({ icmp, resolver: withDurations(resolver), probers, probe });
}

/** The fast pace of a group, and whether the group or the defaults say so. */
type Pace =
  | { readonly kind: "own" | "default"; readonly pace: FastPace }
  | { readonly kind: "none" };

/**
 * A group that has its fast pace from the defaults must not name it itself, for then it would hold for
 * its other probers as well.
 */
function paceOf(group: Group, { modules }: ShownConfig): Pace {
  const { fastIcmp, fastProbe } = group;
  if (fastProbe !== undefined) return { kind: "own", pace: fastProbe };
  // Without an icmp module that of the defaults holds for nothing.
  const isForIcmp = group.modules.some((name) => modules[name]?.prober === "icmp");
  if (fastIcmp === undefined || !isForIcmp) return { kind: "none" };
  return { kind: "default", pace: fastIcmp };
}

function fastIntervalOfDefaults(config: ShownConfig): number | undefined {
  for (const group of config.groups) {
    const found = paceOf(group, config);
    if (found.kind === "default") return found.pace.intervalSeconds;
  }
  return undefined;
}

function paceKeys(found: Pace): object {
  switch (found.kind) {
    case "none":
      return { fast_interval: "0s" };
    case "default":
      return { fast_until_loss: found.pace.untilLoss };
    case "own": {
      const { intervalSeconds, untilLoss } = found.pace;
      return { fast_interval: durationText(intervalSeconds), fast_until_loss: untilLoss };
    }
  }
}

function* groupParts(group: Group, pace: Pace): Generator<string> {
  const { echoes } = group;
  const common = commonLabels(group);
  const head = {
    name: group.name,
    modules: group.modules,
    interval: durationText(group.intervalSeconds),
    ...(echoes.count === 1
      ? {}
      : { echoes: { count: echoes.count, spacing: durationText(echoes.spacingSeconds) } }),
    loss_window: durationText(group.lossWindowSeconds),
    ...paceKeys(pace),
    ...(group.buckets === undefined ? {} : { buckets: group.buckets }),
    resolve: group.resolve,
    ...(Object.keys(common).length === 0 ? {} : { labels: common }),
  };
  yield entryOf("groups", [head]);
  if (group.targets.length > 0) yield "    targets:\n";
  for (const { target, labels } of group.targets) yield targetLine(target, labels, common);
}

/** A target with the labels that are its own. */
function targetLine(target: string, labels: Labels, common: Labels): string {
  const own = Object.entries(labels).filter(([name]) => !Object.hasOwn(common, name));
  if (own.length === 0) return `      - ${quotedText(target)}\n`;
  const pairs = own.map(([name, value]) => `${quotedText(name)}: ${quotedText(value)}`);
  return `      - {target: ${quotedText(target)}, labels: {${pairs.join(", ")}}}\n`;
}

/** Labels that every target of a group has alike. Most share one object, which is looked at once. */
function commonLabels({ targets }: Group): Labels {
  let common: Record<string, string> = { ...targets[0]?.labels };
  let last = targets[0]?.labels;
  for (const { labels } of targets) {
    if (labels === last) continue;
    last = labels;
    common = Object.fromEntries(
      Object.entries(common).filter(([name, value]) => labels[name] === value),
    );
  }
  return common;
}

function withDurations(options: object): object {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => {
      const isDuration = typeof value === "number" && RESOLVER_DURATIONS.has(key);
      return [key, isDuration ? durationText(value) : value];
    }),
  );
}

/** What stands below a key: the key's own line is written once for all its entries. */
function entryOf(key: string, entry: unknown): string {
  return yamlText({ [key]: entry }).slice(`${key}:\n`.length);
}
