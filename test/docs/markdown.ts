import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../support/golden.ts";

/** A page of the documentation. @param path Relative to the package root. */
export function readPage(path: string): string {
  return readFileSync(join(packageRoot(), path), "utf8");
}

/** What stands in the fenced blocks of a language, in order. */
export function fencedBlocks(page: string, language: string): readonly string[] {
  const fences = page.matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm);
  return [...fences].flatMap(([, of, text = ""]) => (of === language ? [text] : []));
}

export type Table = {
  /** The nearest heading above, or the nearest line that holds one `name`: alone, without markup. */
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
};

/** Every table of a page, with the text of its cells. */
export function tablesOf(page: string): readonly Table[] {
  const tables: Table[] = [];
  let title = "";
  let lines: string[][] = [];
  for (const line of [...page.split("\n"), ""]) {
    if (line.startsWith("|")) {
      lines.push(cellsOf(line));
      continue;
    }
    const [header, , ...rows] = lines;
    if (header !== undefined) tables.push({ title, header, rows });
    lines = [];
    const [, heading, name] = /^(?:#+ (.*)|`([^`]+)`:)$/.exec(line) ?? [];
    title = (heading ?? name ?? title).replaceAll("`", "");
  }
  return tables;
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, line.lastIndexOf("|"))
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

/** Links of a page to files of the repository and to headings, as they are written. */
export function localLinks(page: string): readonly string[] {
  const withoutCode = page.replace(/^```[\s\S]*?^```$/gm, "").replace(/`[^`\n]*`/g, "");
  const links = withoutCode.matchAll(/\]\(([^)\s]+)\)/g);
  return [...links].flatMap(([, link = ""]) => (/^[a-z]+:/.test(link) ? [] : [link]));
}

/** Anchors that GitHub gives the headings of a page. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const headings = page.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/^#+ (.*)$/gm);
  return new Set(
    [...headings].map(([, text = ""]) =>
      text
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}
