import * as z from "zod";
import { quote } from "../runtime/found.ts";
import { parseDuration } from "../runtime/units.ts";
import { groupedByModule, keptLabels } from "./import-labels.ts";
import { relabelled, relabelRule } from "./import-relabel.ts";
import { asTexts, type DraftGroup } from "./import-texts.ts";
import type { ConfigProblem } from "./problem.ts";
import { readYaml } from "./yaml.ts";

/** As Prometheus has it where neither the job nor `global` says. */
const DEFAULT_INTERVAL = "1m";
/** The module of a request without one, as in blackbox_exporter. */
const DEFAULT_MODULE = "http_2xx";

/** Keys of a job that are understood; whatever else it has is told as not taken. */
const KNOWN_KEYS: ReadonlySet<string> = new Set([
  "job_name",
  "metrics_path",
  "scrape_interval",
  "params",
  "static_configs",
  "relabel_configs",
]);

const texts = z.record(z.string(), z.string());
const job = z.looseObject({
  job_name: z.string(),
  metrics_path: z.string().nullish(),
  scrape_interval: z.string().nullish(),
  params: z.record(z.string(), z.array(z.string()).nullable()).nullish(),
  static_configs: z
    .array(z.looseObject({ targets: z.array(z.string()).nullish(), labels: texts.nullish() }))
    .nullish(),
  relabel_configs: z.array(relabelRule).nullish(),
});
type ScrapeJob = z.output<typeof job>;

const prometheusFile = z.looseObject({
  global: z.looseObject({ scrape_interval: z.string().nullish() }).nullish(),
  scrape_configs: z.array(z.unknown()),
});

export type ScrapedGroups =
  | {
      readonly kind: "read";
      readonly groups: readonly DraftGroup[];
      /** What was not taken and why, a sentence each. */
      readonly notes: readonly string[];
    }
  | { readonly kind: "unusable"; readonly problems: readonly ConfigProblem[] };

/**
 * The jobs of a Prometheus configuration that ask `/probe` for each of their targets, as groups: the job's name, its
 * interval, its module, its `static_configs`. Jobs of another `metrics_path` have nothing to do with it.
 *
 * @see https://prometheus.io/docs/guides/multi-target-exporter/
 */
export function groupsOfScrapeConfig(text: string): ScrapedGroups {
  const yaml = readYaml(text.startsWith("\ufeff") ? text.slice(1) : text);
  if (yaml.kind === "failed") return { kind: "unusable", problems: yaml.problems };
  const file = prometheusFile.safeParse(asTexts(yaml.value, yaml.place));
  if (!file.success) {
    const message = "there is no list scrape_configs: name the file of Prometheus that has it";
    return { kind: "unusable", problems: [{ line: 1, column: 1, path: "", message }] };
  }
  const { global, scrape_configs } = file.data;
  const groups: DraftGroup[] = [];
  const notes: string[] = [];
  for (const [at, entry] of scrape_configs.entries()) {
    const read = job.safeParse(entry);
    if (read.success) {
      if (!isProbeJob(read.data)) continue;
      const interval = read.data.scrape_interval ?? global?.scrape_interval ?? DEFAULT_INTERVAL;
      groups.push(...groupsOfJob(read.data, interval, notes));
    } else if (mentionsProbe(entry)) {
      const where = read.error.issues[0]?.path.join(".") ?? "";
      notes.push(`scrape_configs[${at}]: its ${where} is not understood`);
    }
  }
  return { kind: "read", groups: withUniqueNames(groups), notes };
}

function isProbeJob({ metrics_path }: ScrapeJob): boolean {
  return /\/probe\/?$/.test(metrics_path ?? "");
}

function mentionsProbe(entry: unknown): boolean {
  const path = z.looseObject({ metrics_path: z.string() }).safeParse(entry).data?.metrics_path;
  return path?.includes("/probe") ?? false;
}

function groupsOfJob(scrape: ScrapeJob, interval: string, notes: string[]): readonly DraftGroup[] {
  const name = `job ${quote(scrape.job_name)}`;
  const note = (sentence: string): void => void notes.push(`${name}: ${sentence}`);
  if (parseDuration(interval) === undefined) {
    note(`its scrape_interval ${quote(interval)} is not a duration`);
    return [];
  }
  const foreign = Object.keys(scrape).filter((key) => !KNOWN_KEYS.has(key));
  const discovered = foreign.filter((key) => key.endsWith("_sd_configs"));
  const others = foreign.filter((key) => !key.endsWith("_sd_configs"));
  if (discovered.length > 0) {
    note(`the targets of ${discovered.join(", ")}, which only Prometheus discovers so far`);
  }
  if (others.length > 0) {
    note(`keys about how Prometheus scrapes and stores: ${others.join(", ")}`);
  }
  const params = scrape.params ?? {};
  const otherParams = Object.keys(params).filter((key) => key !== "module" && key !== "target");
  if (otherParams.length > 0) note(`parameters of /probe: ${otherParams.join(", ")}`);
  const rules = relabelled(scrape.relabel_configs ?? [], note);
  const asked = params["target"]?.[0];
  const statics = scrape.static_configs ?? [];
  if (rules.hasForeignTarget || (!rules.isTargetAddress && asked === undefined)) {
    note(
      rules.hasForeignTarget
        ? "none of it, because a relabel rule makes its targets up in a way of its own"
        : "none of it, because no relabel rule hands __address__ on as __param_target",
    );
    return [];
  }
  const entries = statics.flatMap(({ targets, labels }) => {
    const all = { ...rules.labels, ...labels };
    const module =
      rules.module ??
      (rules.moduleLabel === undefined ? undefined : all[rules.moduleLabel]) ??
      all["__param_module"] ??
      params["module"]?.[0] ??
      DEFAULT_MODULE;
    const wanted = rules.isTargetAddress ? (targets ?? []) : asked === undefined ? [] : [asked];
    const kept = keptLabels(all, { note, silent: rules.moduleLabel });
    return wanted.map((target) => ({ module, target, labels: kept }));
  });
  if (entries.length === 0 && discovered.length === 0)
    note("none of it, because it has no targets");
  return groupedByModule(scrape.job_name, entries, interval);
}

/** Two groups of one name would not load; jobs cannot be told apart by their module alone. */
function withUniqueNames(groups: readonly DraftGroup[]): readonly DraftGroup[] {
  const taken = new Set<string>();
  return groups.map((group) => {
    let { name } = group;
    for (let count = 2; taken.has(name); count += 1) name = `${group.name}-${count}`;
    taken.add(name);
    return { ...group, name };
  });
}
