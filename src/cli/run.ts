import { parseArgs } from "node:util";
import { startAgent } from "../agent.ts";
import { loadConfig } from "../config/load.ts";
import { formatProblem } from "../config/problem.ts";
import { systemClock } from "../runtime/clock.ts";
import {
  createLogger,
  LOG_FORMATS,
  LOG_LEVELS,
  type LogFormat,
  type Logger,
  type LogLevel,
} from "../runtime/log.ts";
import { parseDuration } from "../runtime/units.ts";
import { check } from "./check.ts";
import { EXIT, type Terminal } from "./terminal.ts";

const HELP = `Usage: sounder [run] [flags]

Measures the targets of a configuration file until it is told to stop (SIGTERM, SIGINT).

Flags:
  --config.file=FILE           configuration file (default sounder.yml)
  --config.check               validate the configuration file and exit
  --web.listen-address=ADDR    address to listen on, may be repeated (default :10707)
  --timeout-offset=SECONDS     taken off the scrape timeout of /probe (default 0.5)
  --log.level=LEVEL            debug, info, warn or error (default info)
  --log.format=FORMAT          logfmt or json (default logfmt)
  -h, --help                   show this help
`;

/** Flags of the contract that a later version brings; refused by name, never ignored. */
const NOT_YET: ReadonlySet<string> = new Set([
  "config.enable-auto-reload",
  "config.auto-reload-interval",
  "web.config.file",
  "web.systemd-socket",
  "web.external-url",
  "web.route-prefix",
  "web.enable-lifecycle",
  "history.limit",
  "log.prober",
]);

const STOP_SIGNALS = ["SIGTERM", "SIGINT"] as const;

type RunFlags = {
  readonly configFile: string;
  readonly isCheckOnly: boolean;
  readonly listenAddresses: readonly string[];
  readonly timeoutOffsetSeconds: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
};

type ParsedFlags =
  | { readonly kind: "run"; readonly flags: RunFlags }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly sentence: string };

/** `sounder run`: returns its exit code once the agent has stopped. */
export async function run(argv: readonly string[], io: Terminal): Promise<number> {
  const parsed = parseFlags(argv);
  switch (parsed.kind) {
    case "help":
      io.stdout(HELP);
      return EXIT.fine;
    case "wrong":
      io.stderr(`sounder run: ${parsed.sentence}\nTry "sounder run --help".\n`);
      return EXIT.wrongUse;
    case "run":
      break;
  }
  const { flags } = parsed;
  if (flags.isCheckOnly) return check([flags.configFile], io);

  const loaded = await loadConfig(flags.configFile);
  if (!loaded.ok) {
    for (const problem of loaded.problems)
      io.stderr(formatProblem(flags.configFile, problem, loaded.text));
    return EXIT.failed;
  }
  const log = createLogger({
    level: flags.logLevel,
    format: flags.logFormat,
    clock: systemClock,
    write: io.stderr,
  });
  return runAgent(loaded.value, flags, log);
}

async function runAgent(
  config: Parameters<typeof startAgent>[0]["config"],
  flags: RunFlags,
  log: Logger,
): Promise<number> {
  const ending = new Ending();
  try {
    const agent = await startAgent({
      config,
      listenAddresses: flags.listenAddresses,
      timeoutOffsetSeconds: flags.timeoutOffsetSeconds,
      clock: systemClock,
      log,
      isDebug: flags.logLevel === "debug",
      onFault: (error) => {
        log.error("a part of the agent died", { error: error.message, stack: error.stack });
        ending.end(EXIT.failed);
      },
    });
    const code = await ending.code;
    log.info("stopping");
    await agent.stop();
    return code;
  } catch (error) {
    log.error(error instanceof Error ? error.message : String(error));
    return EXIT.failed;
  } finally {
    ending.close();
  }
}

/** Resolves once: at a stop signal with 0, or when something ends the agent with its code. */
class Ending {
  readonly code: Promise<number>;
  end: (code: number) => void = () => {};
  readonly #onSignal = (): void => this.end(EXIT.fine);

  constructor() {
    this.code = new Promise((resolve) => {
      this.end = resolve;
    });
    for (const signal of STOP_SIGNALS) process.on(signal, this.#onSignal);
  }

  close(): void {
    for (const signal of STOP_SIGNALS) process.off(signal, this.#onSignal);
  }
}

function parseFlags(argv: readonly string[]): ParsedFlags {
  let values: ReturnType<typeof readFlags>;
  try {
    values = readFlags(argv);
  } catch (error) {
    return { kind: "wrong", sentence: sentenceOf(error, argv) };
  }
  if (values.help === true) return { kind: "help" };
  const level = LOG_LEVELS.find((known) => known === values["log.level"]);
  if (level === undefined) {
    return wrongValue("log.level", values["log.level"], LOG_LEVELS.join(", "));
  }
  const format = LOG_FORMATS.find((known) => known === values["log.format"]);
  if (format === undefined) {
    return wrongValue("log.format", values["log.format"], LOG_FORMATS.join(" or "));
  }
  const offset = offsetSeconds(values["timeout-offset"]);
  if (offset === undefined) {
    return wrongValue("timeout-offset", values["timeout-offset"], "seconds, such as 0.5");
  }
  return {
    kind: "run",
    flags: {
      configFile: values["config.file"],
      isCheckOnly: values["config.check"],
      listenAddresses: values["web.listen-address"],
      timeoutOffsetSeconds: offset,
      logLevel: level,
      logFormat: format,
    },
  };
}

function readFlags(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    strict: true,
    allowPositionals: false,
    options: {
      "config.file": { type: "string", default: "sounder.yml" },
      "config.check": { type: "boolean", default: false },
      "web.listen-address": { type: "string", multiple: true, default: [":10707"] },
      "timeout-offset": { type: "string", default: "0.5" },
      "log.level": { type: "string", default: "info" },
      "log.format": { type: "string", default: "logfmt" },
      help: { type: "boolean", short: "h", default: false },
    },
  }).values;
}

function sentenceOf(error: unknown, argv: readonly string[]): string {
  const notYet = argv
    .map((word) => word.replace(/^--|=.*$/g, ""))
    .find((word) => NOT_YET.has(word));
  if (notYet !== undefined) return `flag --${notYet} is not supported yet`;
  return error instanceof Error ? error.message : String(error);
}

function wrongValue(flag: string, value: string, wanted: string): ParsedFlags {
  return { kind: "wrong", sentence: `--${flag}=${value} is not understood: write ${wanted}` };
}

/** Prometheus' flag is a plain number of seconds; a duration is understood as well. */
function offsetSeconds(text: string): number | undefined {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : parseDuration(text);
  return seconds !== undefined && seconds >= 0 && seconds <= 3600 ? seconds : undefined;
}
