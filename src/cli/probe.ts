import { existsSync } from "node:fs";
import type { Config } from "../config/config.ts";
import { type Loaded, loadConfig } from "../config/load.ts";
import { parseConfig } from "../config/parse-config.ts";
import { formatProblem } from "../config/problem.ts";
import { nearest, orList } from "../config/suggest.ts";
import type { Module } from "../probe/module.ts";
import type { ProbeOutcome } from "../probe/prober.ts";
import { debugPage } from "../report/debug-page.ts";
import { probePage } from "../report/probe-page.ts";
import { systemClock } from "../runtime/clock.ts";
import { quote } from "../runtime/found.ts";
import { createLogger } from "../runtime/log.ts";
import { withHostname } from "../server/probe-hostname.ts";
import { DEFAULT_FILE, PROBE_HELP, type ProbeOrder, parseProbeFlags } from "./probe-flags.ts";
import { type HandProbe, probeOnce } from "./probe-session.ts";
import { EXIT, type Terminal } from "./terminal.ts";

/** As a group's, where module and flag say nothing. */
const DEFAULT_TIMEOUT_SECONDS = 10;

/** What `sounder probe` works with besides its terminal; a test hands in its own. */
export type ProbeSurroundings = {
  readonly probe: typeof probeOnce;
  /** Whether the default file is there. */
  readonly isThere: (path: string) => boolean;
  /** Calls back at Ctrl-C or a request to end, each time. */
  readonly onInterrupt: (callback: () => void) => void;
};

const END_SIGNALS = ["SIGINT", "SIGTERM"] as const;

const systemSurroundings: ProbeSurroundings = {
  probe: probeOnce,
  isThere: existsSync,
  // Until the process has ended, which is soon then.
  onInterrupt: (callback) => {
    for (const signal of END_SIGNALS) process.on(signal, callback);
  },
};

/** `sounder probe`: returns its exit code once everything it started has ended. */
export async function probe(
  argv: readonly string[],
  io: Terminal,
  surroundings: ProbeSurroundings = systemSurroundings,
): Promise<number> {
  const words = parseProbeFlags(argv);
  switch (words.kind) {
    case "help":
      io.stdout(PROBE_HELP);
      return EXIT.fine;
    case "wrong":
      return wrongUse(words.sentence, io);
    case "probe":
      return await probeFrom(words.order, io, surroundings);
  }
}

async function probeFrom(
  order: ProbeOrder,
  io: Terminal,
  surroundings: ProbeSurroundings,
): Promise<number> {
  const { file, loaded } = await configurationOf(order, surroundings);
  if (!loaded.ok) {
    for (const problem of loaded.problems) io.stderr(formatProblem(file, problem, loaded.text));
    return EXIT.failed;
  }
  const { modules } = loaded.value;
  // An own property: `constructor` is no module.
  const written = Object.hasOwn(modules, order.moduleName) ? modules[order.moduleName] : undefined;
  if (written === undefined) return wrongUse(unknownModule(order.moduleName, modules), io);
  const named = withHostname(written, order.hostname);
  if (named.kind === "refused") return wrongUse(named.sentence, io);
  const { module } = named;
  const timeoutSeconds = order.timeoutSeconds ?? module.timeout ?? DEFAULT_TIMEOUT_SECONDS;
  const { target, moduleName } = order;
  return await show(
    { target, moduleName, module, timeoutSeconds },
    loaded.value,
    order,
    io,
    surroundings,
  );
}

/** The file that was named, else the default one if it is there, else what is built in. */
async function configurationOf(
  { configFile }: ProbeOrder,
  { isThere }: ProbeSurroundings,
): Promise<{ readonly file: string; readonly loaded: Loaded }> {
  const file = configFile ?? DEFAULT_FILE;
  if (configFile === undefined && !isThere(file)) {
    const text = "modules: {}";
    return { file: "built-in modules", loaded: { ...parseConfig(text), text } };
  }
  return { file, loaded: await loadConfig(file) };
}

async function show(
  handProbe: HandProbe,
  config: Config,
  { logLevel }: ProbeOrder,
  io: Terminal,
  surroundings: ProbeSurroundings,
): Promise<number> {
  const ending = new AbortController();
  surroundings.onInterrupt(() => ending.abort());
  const log = createLogger({
    level: "warn",
    format: "logfmt",
    clock: systemClock,
    write: io.stderr,
  });
  let outcome: ProbeOutcome;
  try {
    outcome = await surroundings.probe(handProbe, config, { log, signal: ending.signal });
  } catch (error) {
    io.stderr(`sounder probe: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.failed;
  }
  const page = debugPage(outcome, {
    ...handProbe,
    pageText: probePage(outcome, handProbe),
    log: { level: logLevel, format: "logfmt" },
  });
  io.stdout(page.endsWith("\n") ? page : `${page}\n`);
  return outcome.kind === "succeeded" ? EXIT.fine : EXIT.failed;
}

function unknownModule(name: string, modules: Readonly<Record<string, Module>>): string {
  const known = Object.keys(modules);
  const near = nearest(name, known);
  const hint = near === undefined ? "" : ` (did you mean ${quote(near)}?)`;
  return `module ${quote(name)} does not exist${hint}: write it into the file, or take ${orList(known)}`;
}

function wrongUse(sentence: string, io: Terminal): number {
  io.stderr(`sounder probe: ${sentence}\nTry "sounder probe --help".\n`);
  return EXIT.wrongUse;
}
