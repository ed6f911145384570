import { parseArgs } from "node:util";
import { quote } from "../runtime/found.ts";
import { LOG_LEVELS, type LogLevel } from "../runtime/log.ts";
import { parseDuration } from "../runtime/units.ts";

/** Taken when it is there and no other was named. */
export const DEFAULT_FILE = "sounder.yml";
const DEFAULT_MODULE = "http_2xx";

/** As `/probe`: no probe lasts longer. */
const MAX_TIMEOUT_SECONDS = 3_600;

export const PROBE_HELP = `Usage: sounder probe [flags] TARGET

Makes one probe now and prints what /probe?debug=true shows: the log of the probe, its metrics, and the module it was made
with. Nothing listens, and no agent needs to run.

Flags:
      --module=NAME        module to probe with (default ${DEFAULT_MODULE})
      --config.file=FILE   file with the modules (default ${DEFAULT_FILE} where it exists, else the built-in modules)
      --hostname=NAME      as the parameter of /probe: Host header and TLS server name
      --timeout=TIME       of the whole probe (default: the module's, else 10s)
      --log.prober=LEVEL   lowest level of the probe's log: ${LOG_LEVELS.join(", ")} (default info)
  -h, --help               show this help

TIME is a number of seconds (0.2) or a duration (200ms, 1m30s).
You probe by your own hand, so the policy of the file (probe: targets, allow, deny) does not hold; only multicast, broadcast
and reserved addresses are refused.
Exit code: 0 the probe succeeded, 1 it failed, 2 wrong use.
`;

export type ProbeOrder = {
  readonly target: string;
  readonly moduleName: string;
  /** Undefined: the default file, if it is there. */
  readonly configFile: string | undefined;
  /** Empty for none. */
  readonly hostname: string;
  /** Undefined: the module's own. */
  readonly timeoutSeconds: number | undefined;
  readonly logLevel: LogLevel;
};

export type ProbeWords =
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly sentence: string }
  | { readonly kind: "probe"; readonly order: ProbeOrder };

/** What the words behind `sounder probe` ask for. */
export function parseProbeFlags(argv: readonly string[]): ProbeWords {
  try {
    const { values, positionals } = readFlags(argv);
    if (values.help) return { kind: "help" };
    return { kind: "probe", order: orderOf(values, positionals) };
  } catch (error) {
    // parseArgs and the readers below word their complaints for the person at the keyboard.
    return { kind: "wrong", sentence: error instanceof Error ? error.message : String(error) };
  }
}

function readFlags(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    strict: true,
    allowPositionals: true,
    options: {
      module: { type: "string", default: DEFAULT_MODULE },
      "config.file": { type: "string" },
      hostname: { type: "string", default: "" },
      timeout: { type: "string" },
      "log.prober": { type: "string", default: "info" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
}

function orderOf(
  values: ReturnType<typeof readFlags>["values"],
  targets: readonly string[],
): ProbeOrder {
  const [target = "", second] = targets;
  if (target === "") {
    throw new Error("no target is given: write for example sounder probe https://www.example.net/");
  }
  if (second !== undefined) {
    throw new Error(`one target at a time: ${quote(second)} is one too many`);
  }
  const level = values["log.prober"];
  const logLevel = LOG_LEVELS.find((known) => known === level);
  if (logLevel === undefined) {
    throw new Error(`--log.prober=${level} is not understood: write ${LOG_LEVELS.join(", ")}`);
  }
  if (values["config.file"] === "") throw new Error("--config.file is empty: name a file");
  return {
    target,
    moduleName: values.module,
    configFile: values["config.file"],
    hostname: values.hostname,
    timeoutSeconds: values.timeout === undefined ? undefined : timeoutOf(values.timeout),
    logLevel,
  };
}

function timeoutOf(text: string): number {
  const seconds = /^(?:\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : parseDuration(text);
  if (seconds !== undefined && seconds > 0 && seconds <= MAX_TIMEOUT_SECONDS) return seconds;
  throw new Error(`--timeout=${text} is not understood: write a time above 0 and up to 1h`);
}
