import { writeFile } from "node:fs/promises";
import { importBlackbox } from "../config/import-blackbox.ts";
import { groupsOfScrapeConfig, type ScrapedGroups } from "../config/import-scrape.ts";
import type { Imported } from "../config/import-settle.ts";
import { importSmokeping } from "../config/import-smokeping.ts";
import { loadConfig } from "../config/load.ts";
import { type ConfigProblem, formatProblem } from "../config/problem.ts";
import { IMPORT_HELP, type ImportOrder, parseImportFlags } from "./import-flags.ts";
import { EXIT, type Terminal } from "./terminal.ts";

/** The file may hold the passwords of the one it was made from. */
const OUTPUT_MODE = 0o600;

/** `sounder import`: returns its exit code once the file is written. */
export async function importFrom(argv: readonly string[], io: Terminal): Promise<number> {
  const words = parseImportFlags(argv);
  switch (words.kind) {
    case "help":
      io.stdout(IMPORT_HELP);
      return EXIT.fine;
    case "wrong":
      io.stderr(`sounder import: ${words.sentence}\nTry "sounder import --help".\n`);
      return EXIT.wrongUse;
    case "import":
      return await importFile(words.order, io);
  }
}

async function importFile(order: ImportOrder, io: Terminal): Promise<number> {
  const text = await textOf(order.file, io);
  if (text === undefined) return EXIT.failed;
  const scraped = await scrapedGroups(order.scrapeConfig, io);
  if (scraped === undefined) return EXIT.failed;
  for (const note of scraped.notes) io.stderr(`${order.scrapeConfig}: not taken: ${note}\n`);
  const imported = importedFrom(order, text, scraped);
  for (const note of imported.notes) io.stderr(`${order.file}: not taken: ${note}\n`);
  switch (imported.kind) {
    case "unusable":
      // After notes the lines are those of a text that nobody sees.
      if (imported.notes.length === 0) tell(order.file, imported.problems, text, io);
      else for (const { message } of imported.problems) io.stderr(`${order.file}: ${message}\n`);
      io.stderr(`sounder import: nothing of ${order.file} can be used\n`);
      return EXIT.failed;
    case "imported":
      return await write(imported.text, order.output, io);
  }
}

function importedFrom({ source }: ImportOrder, text: string, scraped: Scraped): Imported {
  switch (source) {
    case "blackbox":
      return importBlackbox(text, scraped);
    case "smokeping_prober":
      return importSmokeping(text);
  }
}

type Scraped = Omit<Extract<ScrapedGroups, { readonly kind: "read" }>, "kind">;

async function scrapedGroups(file: string | undefined, io: Terminal): Promise<Scraped | undefined> {
  if (file === undefined) return { groups: [], notes: [] };
  const text = await textOf(file, io);
  if (text === undefined) return undefined;
  const scraped = groupsOfScrapeConfig(text);
  switch (scraped.kind) {
    case "read":
      return scraped;
    case "unusable":
      tell(file, scraped.problems, text, io);
      return undefined;
  }
}

/** What a file holds; undefined after its problem has been told. Whether it is a configuration does not matter. */
async function textOf(file: string, io: Terminal): Promise<string | undefined> {
  const loaded = await loadConfig(file);
  if (loaded.text === undefined && !loaded.ok) tell(file, loaded.problems, undefined, io);
  return loaded.text;
}

function tell(
  file: string,
  problems: readonly ConfigProblem[],
  text: string | undefined,
  io: Terminal,
): void {
  for (const problem of problems) io.stderr(formatProblem(file, problem, text));
}

async function write(text: string, output: string | undefined, io: Terminal): Promise<number> {
  if (output === undefined) {
    io.stdout(text);
    return EXIT.fine;
  }
  try {
    await writeFile(output, text, { flag: "wx", mode: OUTPUT_MODE });
    return EXIT.fine;
  } catch (error) {
    io.stderr(`sounder import: ${writeSentence(output, error)}\n`);
    return EXIT.failed;
  }
}

function writeSentence(output: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "EEXIST"
    ? `there is a file ${output} already: remove it, or name another`
    : `cannot write ${output}: ${error instanceof Error ? error.message : String(error)}`;
}
