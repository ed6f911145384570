import { type ImportUnit, SPARED_KEYS, unitsOf } from "./import-units.ts";
import { parseConfig } from "./parse-config.ts";
import type { ConfigProblem } from "./problem.ts";
import { readYaml } from "./yaml.ts";

/** What becomes of a foreign configuration. */
export type Imported =
  | {
      readonly kind: "imported";
      /** Loads as a configuration. */
      readonly text: string;
      /** What was not taken and why, a sentence each; the text says it too. */
      readonly notes: readonly string[];
    }
  /** Nothing of it is of use, because of `problems`; their lines are those of the text only where there are no notes. */
  | {
      readonly kind: "unusable";
      readonly problems: readonly ConfigProblem[];
      readonly notes: readonly string[];
    };

/** Each round takes out what the last brought to light: a group whose module went, an alias whose anchor went. */
const MAX_ROUNDS = 50;
/** Sentences told of one part; the first says what to do. */
const MAX_REASONS = 3;

/**
 * A text that would be a configuration, with every part commented out that keeps it from being one, and above it why.
 *
 * Nothing is changed but whole lines, so everything else stays as it was written. The smallest part that holds a
 * problem goes: a target, a group, a module. A module is never taken by half: without one of its rules it would
 * report success where it did not before.
 */
export function settle(text: string): Imported {
  const notes: string[] = [];
  let problems: readonly ConfigProblem[] = [];
  let current = text;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const parsed = parseConfig(current);
    if (parsed.ok) return { kind: "imported", text: current, notes };
    ({ problems } = parsed);
    // What is no YAML at first cannot be taken apart; afterwards only comments have come.
    if (round === 0 && readYaml(current).kind === "failed") break;
    const affected = affectedUnits(unitsOf(current), problems);
    if (affected.size === 0) break;
    for (const [unit, reasons] of affected) notes.push(`${named(unit)}: ${reasons.join("; ")}`);
    current = commentedOut(current, affected);
  }
  return { kind: "unusable", problems, notes };
}

/** The smallest unit around each problem; of units one in another the outer alone. */
function affectedUnits(
  units: readonly ImportUnit[],
  problems: readonly ConfigProblem[],
): ReadonlyMap<ImportUnit, readonly string[]> {
  const byUnit = new Map<ImportUnit, string[]>();
  for (const { line, message } of problems) {
    const unit = units.findLast(({ firstLine, lastLine }) => firstLine <= line && line <= lastLine);
    if (unit === undefined) continue;
    const reasons = byUnit.get(unit) ?? [];
    if (reasons.length < MAX_REASONS) byUnit.set(unit, [...reasons, message]);
  }
  const isWithin = (inner: ImportUnit, outer: ImportUnit): boolean =>
    inner !== outer && outer.firstLine <= inner.firstLine && inner.lastLine <= outer.lastLine;
  for (const inner of byUnit.keys()) {
    for (const outer of byUnit.keys()) {
      if (isWithin(inner, outer)) byUnit.delete(inner);
    }
  }
  const inOrder = [...byUnit].sort(([a], [b]) => a.firstLine - b.firstLine);
  return new Map(inOrder.map(([unit, reasons]) => [unit, withConsequence(unit, reasons)]));
}

function commentedOut(text: string, affected: ReadonlyMap<ImportUnit, readonly string[]>): string {
  const lines = text.split("\n");
  for (const [{ firstLine, lastLine }, reasons] of [...affected].reverse()) {
    const taken = lines.slice(firstLine - 1, lastLine);
    const indent = /^[ ]*/.exec(taken[0] ?? "")?.[0] ?? "";
    const comments = [
      ...reasons.map((reason) => commentLine(indent, `Not taken: ${reason}`)),
      ...taken.map((line) => `${indent}# ${line.slice(Math.min(indent.length, indentOf(line)))}`),
    ];
    lines.splice(firstLine - 1, taken.length, ...comments);
  }
  return lines.join("\n");
}

function withConsequence(unit: ImportUnit, reasons: readonly string[]): readonly string[] {
  const key = unit.name.slice(unit.name.lastIndexOf(".") + 1);
  const consequence = unit.kind === "key" ? SPARED_KEYS.get(key) : undefined;
  return consequence === undefined ? reasons : [...reasons, consequence];
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** One line, whatever is quoted in the text: a line feed would end the comment. */
export function commentLine(indent: string, text: string): string {
  return `${indent}# ${text.replaceAll(/\p{Cc}+|[\u2028\u2029]/gu, " ")}`.trimEnd();
}

function named({ kind, name }: ImportUnit): string {
  switch (kind) {
    case "section":
      return `"${name}"`;
    case "key":
      return `key "${name}"`;
    case "module":
    case "group":
    case "target":
      return `${kind} "${name}"`;
  }
}
