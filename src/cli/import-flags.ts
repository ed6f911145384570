import { parseArgs } from "node:util";
import { quote } from "../runtime/found.ts";

export const IMPORT_SOURCES = ["blackbox", "smokeping_prober"] as const;
export type ImportSource = (typeof IMPORT_SOURCES)[number];

export const IMPORT_HELP = `Usage: sounder import blackbox [flags] FILE
       sounder import smokeping_prober [flags] FILE

Writes the modules and targets of another prober's configuration as a Sounder file. Nothing is dropped silently: what cannot
be taken is a comment in the file and a line on standard error.

  blackbox           a file of blackbox_exporter: its modules as they are, comments included. Sounder also takes such a
                     file directly; this tells what it would refuse
  smokeping_prober   a file of smokeping_prober: a group for each list of hosts

Flags:
      --scrape-config=FILE  (blackbox) a configuration of Prometheus: the jobs that ask /probe become groups
      --output=FILE         write to a new file instead of standard output
  -h, --help                show this help

Exit code: 0 the file is written, 1 there was nothing of use, 2 wrong use.
`;

export type ImportOrder = {
  readonly source: ImportSource;
  readonly file: string;
  readonly scrapeConfig: string | undefined;
  /** Undefined: standard output. */
  readonly output: string | undefined;
};

export type ImportWords =
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly sentence: string }
  | { readonly kind: "import"; readonly order: ImportOrder };

/** What the words behind `sounder import` ask for. */
export function parseImportFlags(argv: readonly string[]): ImportWords {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      strict: true,
      allowPositionals: true,
      options: {
        "scrape-config": { type: "string" },
        output: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) return { kind: "help" };
    const order = orderOf(positionals, values["scrape-config"], values.output);
    return { kind: "import", order };
  } catch (error) {
    // parseArgs and the reader below word their complaints for the person at the keyboard.
    return { kind: "wrong", sentence: error instanceof Error ? error.message : String(error) };
  }
}

function orderOf(
  [written, file, extra]: readonly string[],
  scrapeConfig: string | undefined,
  output: string | undefined,
): ImportOrder {
  const source = IMPORT_SOURCES.find((known) => known === written);
  if (source === undefined) {
    const what = written === undefined ? "nothing is named" : `${quote(written)} is not known`;
    throw new Error(`${what}: write sounder import ${IMPORT_SOURCES.join(" or ")}, and a file`);
  }
  if (file === undefined || file === "") {
    throw new Error(`no file is named: write for example sounder import ${source} ${source}.yml`);
  }
  if (extra !== undefined) throw new Error(`one file at a time: ${quote(extra)} is one too many`);
  if (scrapeConfig !== undefined && source !== "blackbox") {
    throw new Error("--scrape-config goes with blackbox only: leave it out");
  }
  if (scrapeConfig === "" || output === "") throw new Error("the name of a file is empty");
  return { source, file, scrapeConfig, output };
}
