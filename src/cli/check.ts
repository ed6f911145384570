import { parseArgs } from "node:util";
import { echoesPerSecond, streamCount } from "../config/budget.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { formatProblem } from "../config/problem.ts";
import { warningsOf } from "../config/warnings.ts";
import { modeOf } from "../policy/policy.ts";

const DEFAULT_FILE = "sounder.yml";

const HELP = `Usage: sounder check [FILE]

Reads a configuration file (default: ${DEFAULT_FILE}) and says everything that is wrong with it, each
with file:line:column and what to write instead. Nothing it names is opened and nothing is sent;
environment variables in secrets must be set.

  --help   this text

Exit code: 0 the file is fine, 1 it has problems, 2 wrong use.
`;

/** Where a command writes; whole lines. */
export type Output = {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
};

/**
 * `sounder check [FILE]`.
 *
 * @param argv What follows the word `check`.
 * @returns the exit code.
 */
export async function check(argv: readonly string[], io: Output): Promise<number> {
  const wanted = request(argv);
  switch (wanted.kind) {
    case "help":
      io.stdout(HELP);
      return 0;
    case "misuse":
      io.stderr(`sounder check: ${wanted.message}\nTry: sounder check --help\n`);
      return 2;
    case "check":
      return await checkFile(wanted.file, io);
  }
}

type Request =
  | { readonly kind: "help" }
  | { readonly kind: "misuse"; readonly message: string }
  | { readonly kind: "check"; readonly file: string };

function request(argv: readonly string[]): Request {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { help: { type: "boolean", short: "h" } },
      allowPositionals: true,
    });
    if (values.help === true) return { kind: "help" };
    const [file, second] = positionals;
    if (second !== undefined) {
      return { kind: "misuse", message: `one file at a time, "${second}" is one too many` };
    }
    if (file === "") return { kind: "misuse", message: "the name of the file is empty" };
    return { kind: "check", file: file ?? DEFAULT_FILE };
  } catch (error) {
    // parseArgs words its complaints for the person at the keyboard.
    return { kind: "misuse", message: error instanceof Error ? error.message : String(error) };
  }
}

async function checkFile(file: string, io: Output): Promise<number> {
  const loaded = await loadConfig(file);
  if (loaded.ok) {
    io.stdout(summary(file, loaded.value));
    return 0;
  }
  for (const problem of loaded.problems) io.stderr(formatProblem(file, problem, loaded.text));
  const count = loaded.problems.length;
  io.stderr(`\n${count === 1 ? "1 problem" : `${count} problems`} in ${file}\n`);
  return 1;
}

function summary(file: string, config: Config): string {
  const targets = config.groups.reduce((sum, group) => sum + group.targets.length, 0);
  const echoes = Number(echoesPerSecond(config).toFixed(2));
  const lines = [
    `${file} is fine`,
    `  modules  ${Object.keys(config.modules).length}, built-in ones included`,
    `  groups   ${config.groups.length}`,
    `  targets  ${targets}`,
    `  streams  ${streamCount(config)}`,
    `  echoes   ${echoes} a second of ${config.icmp.max_packets_per_second} allowed`,
    `  policy   ${policyText(config)}`,
    ...warningsOf(config).map((warning) => `  warning  ${warning}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** Which policy is in force: `auto` depends on whether the file has a group. */
function policyText(config: Config): string {
  const { targets, allow } = config.probe;
  const hasGroups = config.groups.length > 0;
  const why = targets === "auto" ? ` (auto: the file has ${hasGroups ? "a" : "no"} group)` : "";
  const count = allow.length === 1 ? "1 rule" : `${allow.length} rules`;
  const more = allow.length === 0 ? "" : `, and ${count} of allow`;
  return `${modeOf(targets, hasGroups)}${why}${more}`;
}
