import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../support/golden.ts";

/** The settings of one section, in the order of the file; a key may stand more than once. */
export type UnitSection = readonly { readonly key: string; readonly value: string }[];

/** Reads a shipped unit of `deploy/systemd`: no continued lines, which ours do not have. @see systemd.syntax(7) */
export function readUnit(name: string): ReadonlyMap<string, UnitSection> {
  const sections = new Map<string, { key: string; value: string }[]>();
  let section: { key: string; value: string }[] = [];
  for (const line of readFileSync(unitPath(name), "utf8").split("\n")) {
    const [, title] = /^\[(\w+)\]$/.exec(line) ?? [];
    if (title !== undefined) {
      section = [];
      sections.set(title, section);
    } else if (line !== "" && !line.startsWith("#")) {
      const [, key, value = ""] = /^(\w+)=(.*)$/.exec(line) ?? [];
      if (key === undefined) throw new Error(`${name}: "${line}" is not understood`);
      section.push({ key, value });
    }
  }
  return sections;
}

export function unitPath(name: string): string {
  return join(packageRoot(), "deploy", "systemd", name);
}

/** The value of a setting that stands once. @throws unless it does. */
export function settingOf(unit: string, section: string, key: string): string {
  const found = (readUnit(unit).get(section) ?? []).filter((setting) => setting.key === key);
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Error(`${unit} has ${found.length} settings ${key} in [${section}]`);
  }
  return only.value;
}
