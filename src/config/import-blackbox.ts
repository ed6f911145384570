import { isMap, parseDocument } from "yaml";
import { type Imported, settle } from "./import-settle.ts";
import { type DraftGroup, groupsText, headerText } from "./import-texts.ts";
import { escapeVariables } from "./import-variables.ts";
import { readYaml } from "./yaml.ts";

const ABOUT = [
  'A Sounder configuration, written by "sounder import blackbox" from a file of blackbox_exporter.',
  "The modules stand as they stood there, comments included.",
] as const;

const ABOUT_GROUPS =
  "The groups are the jobs of Prometheus that asked /probe: Sounder probes their targets all the time by itself.";

/**
 * A blackbox_exporter configuration as one of Sounder: its own text, with what Sounder cannot take commented out.
 *
 * @param text The file of blackbox_exporter.
 * @param more.groups Groups to write beneath, from the jobs of Prometheus.
 * @param more.notes What was not taken of those jobs, for the comment at the top; the notes given back are of `text`.
 */
export function importBlackbox(
  text: string,
  more: { readonly groups: readonly DraftGroup[]; readonly notes: readonly string[] },
): Imported {
  const source = text.startsWith("\ufeff") ? text.slice(1) : text;
  const yaml = readYaml(source);
  if (yaml.kind === "failed") return { kind: "unusable", problems: yaml.problems, notes: [] };
  if (!hasModules(yaml.value)) {
    const message =
      'there are no modules: a blackbox_exporter file begins with "modules:" and holds at least one';
    return { kind: "unusable", problems: [{ line: 1, column: 1, path: "", message }], notes: [] };
  }
  const escaped = escapeVariables(inBlockStyle(source));
  const groups = groupsText(more.groups);
  const settled = settle(withoutEndMark(escaped.text) + (groups === "" ? "" : `\n${groups}`));
  if (settled.kind === "unusable") return settled;
  const about = [
    ...ABOUT,
    ...(escaped.count === 0 ? [] : [escapedSentence(escaped.count)]),
    ...(groups === "" ? [] : [ABOUT_GROUPS]),
  ];
  const header = headerText(about, [...more.notes, ...settled.notes]);
  return { ...settled, text: `${header}\n${settled.text}` };
}

function escapedSentence(count: number): string {
  const where = count === 1 ? "one secret" : `${count} secrets`;
  return `In ${where} "\${" is written "$\${", because Sounder reads \${NAME} there as an environment variable.`;
}

function hasModules(value: unknown): boolean {
  if (typeof value !== "object" || value === null || !("modules" in value)) return false;
  const { modules } = value;
  return typeof modules === "object" && modules !== null && Object.keys(modules).length > 0;
}

/** Modules within `{…}` are put on lines of their own, else one that is not taken would take all with it. */
function inBlockStyle(text: string): string {
  const document = parseDocument(text, {
    schema: "core",
    merge: false,
    resolveKnownTags: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: "silent",
  });
  const { contents } = document;
  const modules = isMap(contents) ? contents.get("modules", true) : undefined;
  const flowing = [contents, modules].filter((node) => isMap(node) && node.flow === true);
  if (flowing.length === 0) return text;
  for (const node of flowing) if (isMap(node)) node.flow = false;
  return document.toString({ lineWidth: 0 });
}

/** Behind `...` what follows would be a document of its own. */
function withoutEndMark(text: string): string {
  const body = text.replace(/\n\.\.\.[ \t]*(?:#.*)?\s*$/, "\n");
  return body.endsWith("\n") ? body : `${body}\n`;
}
