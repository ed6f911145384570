import { parseArgs } from "node:util";
import {
  type Bound,
  boundText,
  isWithin,
  MAX_NAMES,
  PING_BOUNDS,
  type PingSettings,
  sourceProblem,
} from "../batch/settings.ts";
import { type AddressFamily, familyOf } from "../runtime/address.ts";
import { parseDuration } from "../runtime/units.ts";

export const PING_HELP = `Usage: sounder ping [flags] HOST…

Sends ICMP echoes to one or many names or addresses, and says how many came back and how fast. Round-trip
times are taken from the kernel's stamps. A URL is reduced to its host.

Flags:
  -c, --count=N        echoes for each host (default: until Ctrl-C)
  -i, --interval=TIME  from one echo to a host to its next (default 1s)
  -t, --timeout=TIME   an echo without an answer after this time is lost (default 1s)
  -4, --ipv4           IPv4 addresses only
  -6, --ipv6           IPv6 addresses only
      --size=BYTES     ICMP data of each echo, headers not counted (default 56)
      --source=ADDR    address of this machine to send from
      --dscp=N         differentiated services code point, 0 to 63 (default 0)
      --json           one JSON object a line: every echo, at the end a summary of each host
  -h, --help           show this help

TIME is a number of seconds (0.2) or a duration (200ms, 1m30s).
On a terminal a table is kept up to date; in a pipe there is a line for each echo. Ctrl-C ends with the summary.
Exit code: 0 every host answered, 1 some did not or have no address, 2 wrong use.
`;

export type PingRequest =
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly sentence: string }
  | {
      readonly kind: "ping";
      readonly names: readonly string[];
      /** `count` is Infinity unless it was given. */
      readonly settings: PingSettings;
      readonly isJson: boolean;
    };

/** What the words behind `sounder ping` ask for. */
export function parsePingFlags(argv: readonly string[]): PingRequest {
  try {
    const { values, positionals } = readFlags(argv);
    if (values.help) return { kind: "help" };
    return requestOf(values, positionals);
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
      count: { type: "string", short: "c" },
      interval: { type: "string", short: "i" },
      timeout: { type: "string", short: "t" },
      ipv4: { type: "boolean", short: "4", default: false },
      ipv6: { type: "boolean", short: "6", default: false },
      size: { type: "string" },
      source: { type: "string" },
      dscp: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
}

function requestOf(
  values: ReturnType<typeof readFlags>["values"],
  names: readonly string[],
): PingRequest {
  if (names.length === 0) throw new Error("no host is given: write for example sounder ping ::1");
  if (names.length > MAX_NAMES) {
    throw new Error(`${names.length} hosts are given: at most ${MAX_NAMES} at once`);
  }
  if (values.ipv4 && values.ipv6) {
    throw new Error("-4 and -6 exclude one another: leave both out for either family");
  }
  const family: AddressFamily | undefined = values.ipv4
    ? "ipv4"
    : values.ipv6
      ? "ipv6"
      : familyOf(values.source ?? "");
  const problem = sourceProblem(values.source, family);
  if (problem !== undefined) throw new Error(`--${problem}`);
  return {
    kind: "ping",
    names,
    isJson: values.json,
    settings: {
      count:
        values.count === undefined
          ? Number.POSITIVE_INFINITY
          : numberOf("count", values.count, PING_BOUNDS.count),
      spacingSeconds: timeOf("interval", values.interval, PING_BOUNDS.spacingSeconds),
      timeoutSeconds: timeOf("timeout", values.timeout, PING_BOUNDS.timeoutSeconds),
      payloadBytes: numberOf("size", values.size, PING_BOUNDS.payloadBytes),
      dscp: numberOf("dscp", values.dscp, PING_BOUNDS.dscp),
      echoesPerSecond: PING_BOUNDS.echoesPerSecond.otherwise,
      source: values.source,
      family,
    },
  };
}

function numberOf(flag: string, text: string | undefined, bound: Bound): number {
  if (text === undefined) return bound.otherwise;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (isWithin(value, bound)) return value;
  throw new Error(`--${flag}=${text} is not understood: write ${boundText(bound)}`);
}

function timeOf(flag: string, text: string | undefined, bound: Bound): number {
  if (text === undefined) return bound.otherwise;
  const value = /^(?:\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : parseDuration(text);
  if (value !== undefined && isWithin(value, bound)) return value;
  throw new Error(
    `--${flag}=${text} is not understood: write ${boundText(bound)}, or a duration such as 200ms`,
  );
}
