import { parseArgs } from "node:util";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "../runtime/log.ts";
import { parseDuration } from "../runtime/units.ts";
import { type WebSettings, webPlace } from "../server/web-settings.ts";

export const RUN_HELP = `Usage: sounder [run] [flags]

Measures the targets of a configuration file until it is told to stop (SIGTERM, SIGINT). SIGHUP reads
the file again; one that is not valid changes nothing.

Flags:
  --config.file=FILE           configuration file (default sounder.yml)
  --config.check               validate the configuration file and exit
  --config.enable-auto-reload  read the file again when its content has changed
  --config.auto-reload-interval=SECONDS
                               how often to look for that (default 30)
  --web.listen-address=ADDR    address to listen on, may be repeated (default :10707)
  --web.systemd-socket         listen on the sockets of the socket unit that started the agent, and on no
                               --web.listen-address
  --web.external-url=URL       where people reach the agent, behind a proxy for example
  --web.route-prefix=PATH      before every path served (default the path of --web.external-url)
  --web.enable-lifecycle       allow POST /-/reload
  --timeout-offset=SECONDS     taken off the scrape timeout of /probe (default 0.5)
  --history.limit=NUMBER       probes of /probe kept for /logs, and as many failed ones (default 100)
  --log.level=LEVEL            debug, info, warn or error (default info)
  --log.format=FORMAT          logfmt or json (default logfmt)
  --log.prober=LEVEL           from which level /probe shows what it did, with debug=true and in /logs;
                               the log has failures alone, with debug everything (default info)
  -h, --help                   show this help
`;

/** Flags of the contract that a later version brings; refused by name, never ignored. */
const NOT_YET: ReadonlySet<string> = new Set(["web.config.file"]);

/** Each probe kept may hold 64 KiB. */
const MAX_HISTORY = 10_000;
const MAX_AUTO_RELOAD_SECONDS = 86_400;
const MAX_OFFSET_SECONDS = 3_600;

export type RunFlags = {
  readonly configFile: string;
  readonly isCheckOnly: boolean;
  /** How often to look for a changed file; undefined: never. */
  readonly autoReloadSeconds: number | undefined;
  readonly listenAddresses: readonly string[];
  /** Sockets that were handed over take the place of the addresses. */
  readonly isSystemdSocket: boolean;
  readonly web: WebSettings;
  readonly timeoutOffsetSeconds: number;
  readonly historyLimit: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly probeLogLevel: LogLevel;
};

export type ParsedRunFlags =
  | { readonly kind: "run"; readonly flags: RunFlags }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly sentence: string };

/** The words after `sounder run` as settings, or one sentence that says what to write instead. */
export function parseRunFlags(argv: readonly string[]): ParsedRunFlags {
  let values: ReturnType<typeof readFlags>;
  try {
    values = readFlags(argv);
  } catch (error) {
    return { kind: "wrong", sentence: sentenceOf(error, argv) };
  }
  if (values.help === true) return { kind: "help" };
  const wrong = (flag: keyof typeof values, wanted: string): ParsedRunFlags => ({
    kind: "wrong",
    sentence: `--${flag}=${String(values[flag])} is not understood: write ${wanted}`,
  });

  const logLevel = levelOf(values["log.level"]);
  if (logLevel === undefined) return wrong("log.level", LOG_LEVELS.join(", "));
  const probeLogLevel = levelOf(values["log.prober"]);
  if (probeLogLevel === undefined) return wrong("log.prober", LOG_LEVELS.join(", "));
  const logFormat = LOG_FORMATS.find((known) => known === values["log.format"]);
  if (logFormat === undefined) return wrong("log.format", LOG_FORMATS.join(" or "));
  const timeoutOffsetSeconds = secondsOf(values["timeout-offset"]);
  if (timeoutOffsetSeconds === undefined || timeoutOffsetSeconds > MAX_OFFSET_SECONDS) {
    return wrong("timeout-offset", "seconds, such as 0.5");
  }
  const intervalSeconds = secondsOf(values["config.auto-reload-interval"]) ?? 0;
  if (intervalSeconds < 1 || intervalSeconds > MAX_AUTO_RELOAD_SECONDS) {
    return wrong("config.auto-reload-interval", "seconds from 1 to 86400, such as 30");
  }
  const historyText = values["history.limit"];
  if (!/^\d{1,9}$/.test(historyText) || Number(historyText) > MAX_HISTORY) {
    return wrong("history.limit", `a whole number from 0 to ${MAX_HISTORY}`);
  }
  const place = webPlace({
    externalUrl: values["web.external-url"],
    routePrefix: values["web.route-prefix"],
  });
  if (place.kind === "malformed") return wrong(place.flag, place.wanted);
  const { routePrefix, externalUrl } = place;
  return {
    kind: "run",
    flags: {
      configFile: values["config.file"],
      isCheckOnly: values["config.check"],
      autoReloadSeconds: values["config.enable-auto-reload"] ? intervalSeconds : undefined,
      listenAddresses: values["web.listen-address"],
      isSystemdSocket: values["web.systemd-socket"],
      web: { routePrefix, externalUrl, isLifecycleEnabled: values["web.enable-lifecycle"] },
      timeoutOffsetSeconds,
      historyLimit: Number(historyText),
      logLevel,
      logFormat,
      probeLogLevel,
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
      "config.enable-auto-reload": { type: "boolean", default: false },
      "config.auto-reload-interval": { type: "string", default: "30" },
      "web.listen-address": { type: "string", multiple: true, default: [":10707"] },
      "web.systemd-socket": { type: "boolean", default: false },
      "web.external-url": { type: "string", default: "" },
      "web.route-prefix": { type: "string", default: "" },
      "web.enable-lifecycle": { type: "boolean", default: false },
      "timeout-offset": { type: "string", default: "0.5" },
      "history.limit": { type: "string", default: "100" },
      "log.level": { type: "string", default: "info" },
      "log.format": { type: "string", default: "logfmt" },
      "log.prober": { type: "string", default: "info" },
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

function levelOf(text: string): LogLevel | undefined {
  return LOG_LEVELS.find((known) => known === text);
}

/** Prometheus' flags are plain numbers of seconds or durations; either is understood. */
function secondsOf(text: string): number | undefined {
  return /^\d{1,9}(\.\d+)?$/.test(text) ? Number(text) : parseDuration(text);
}
