import type { Finding } from "./messages.ts";
import { isUnreadable, offsetOf, type Place } from "./place.ts";
import { type ConfigProblem, type Parsed, pathText } from "./problem.ts";
import { type LineColumn, readYaml } from "./yaml.ts";

/** Problems of one file that are told; what follows them is counted only. */
export const MAX_PROBLEMS = 200;

/** What somebody who knows the meaning of a file says of its plain value. */
export type Judgement<T> =
  | { readonly kind: "accepted"; readonly value: T }
  | { readonly kind: "refused"; readonly findings: readonly Finding[] };

/**
 * A YAML text as a typed value, or everything that is wrong with it, in the order of the file.
 * Never throws, whatever the text.
 */
export function parseYaml<T>(
  text: string,
  judge: (value: unknown, place: Place) => Judgement<T>,
): Parsed<T> {
  const yaml = readYaml(text);
  if (yaml.kind === "failed") return { ok: false, problems: inOrder(yaml.problems) };
  if (yaml.place.isUnreadable) return { ok: false, problems: inOrder(yaml.problems) };
  const judgement = judge(yaml.value, yaml.place);
  if (judgement.kind === "accepted" && yaml.problems.length === 0) {
    return { ok: true, value: judgement.value };
  }
  const findings = judgement.kind === "refused" ? judgement.findings : [];
  const placed = findings
    // What could not be read has its problem already; that it is missing too would only confuse.
    .filter(({ path }) => !isUnreadable(yaml.place, path))
    .map((finding) => place(finding, yaml.place, yaml.lineColumn));
  return { ok: false, problems: inOrder([...yaml.problems, ...placed]) };
}

function place(finding: Finding, root: Place, lineColumn: LineColumn): ConfigProblem {
  const at = lineColumn(offsetOf(root, finding.path, finding.aspect));
  return { ...at, path: pathText(finding.path), message: finding.message };
}

/** By line and column, each once: one merged mapping may be wrong in many groups. */
function inOrder(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const unique = new Map<string, ConfigProblem>();
  for (const problem of problems) {
    const key = `${problem.line}:${problem.column}:${problem.message}`;
    if (!unique.has(key)) unique.set(key, problem);
  }
  const sorted = [...unique.values()].sort((a, b) => a.line - b.line || a.column - b.column);
  const [next] = sorted.slice(MAX_PROBLEMS);
  if (next === undefined) return sorted;
  const rest = `and ${sorted.length - MAX_PROBLEMS} more problems from here on`;
  return [...sorted.slice(0, MAX_PROBLEMS), { ...next, path: "", message: rest }];
}
