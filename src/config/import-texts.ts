import { stringify } from "yaml";
import { commentLine } from "./import-settle.ts";
import type { Place } from "./place.ts";

/** A group as it is going to be written. */
export type DraftGroup = {
  readonly name: string;
  readonly modules: readonly string[];
  /** As Sounder writes durations; undefined for the default. */
  readonly interval: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly targets: readonly {
    readonly target: string;
    readonly labels: Readonly<Record<string, string>>;
  }[];
};

/**
 * A value with every scalar as the text it was written as, as Go's YAML library hands scalars to fields of type
 * string: `1.10` stays "1.10". Without a value is `null`.
 */
export function asTexts(value: unknown, place: Place): unknown {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) {
    return value.map((item, at) => asTexts(item, place.children?.get(String(at)) ?? place));
  }
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return place.source ?? `${value}`;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      asTexts(item, place.children?.get(key) ?? place),
    ]),
  );
}

/** The groups as YAML, each target on lines of its own; empty for none. */
export function groupsText(groups: readonly DraftGroup[]): string {
  if (groups.length === 0) return "";
  const plain = groups.map(({ name, modules, interval, labels, targets }) => ({
    name,
    modules,
    ...(interval === undefined ? {} : { interval }),
    ...withLabels(labels),
    targets: targets.map((entry) =>
      Object.keys(entry.labels).length === 0
        ? entry.target
        : { target: entry.target, ...withLabels(entry.labels) },
    ),
  }));
  return yamlText({ groups: plain });
}

/** A value as YAML in block style, one line a scalar, so that parts can be commented out by lines. */
export function yamlText(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** The comment at the top: what the file is, then what is missing in it. */
export function headerText(about: readonly string[], notes: readonly string[]): string {
  const missing = notes.length === 0 ? [] : ["", "Not taken:", ...notes.map((note) => `- ${note}`)];
  return [...about, ...missing].map((line) => `${commentLine("", line)}\n`).join("");
}

function withLabels(labels: Readonly<Record<string, string>>): object {
  return Object.keys(labels).length === 0 ? {} : { labels };
}
