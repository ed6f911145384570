import { type AddressFamily, familyOf } from "../runtime/address.ts";
import { found } from "../runtime/found.ts";
import type { PingOptions } from "./ping.ts";

/** The least and the most a number may be, what it is without being given, and how to say it. */
export type Bound = {
  readonly min: number;
  readonly max: number;
  readonly otherwise: number;
  readonly isWhole: boolean;
  readonly unit: string;
};

/** Every number of a batch. The command line has the same bounds. */
export const PING_BOUNDS = {
  count: { min: 1, max: 1_000_000, otherwise: 4, isWhole: true, unit: "echoes" },
  spacingSeconds: { min: 0.001, max: 86_400, otherwise: 1, isWhole: false, unit: "seconds" },
  timeoutSeconds: { min: 0.001, max: 60, otherwise: 1, isWhole: false, unit: "seconds" },
  // An IPv4 packet less its IP and ICMP headers.
  payloadBytes: { min: 0, max: 65_507, otherwise: 56, isWhole: true, unit: "bytes" },
  dscp: { min: 0, max: 63, otherwise: 0, isWhole: true, unit: "" },
  // An echo by hand costs some 50 µs of one core (measured): far beyond this the pace would not hold.
  echoesPerSecond: { min: 1, max: 10_000, otherwise: 5_000, isWhole: false, unit: "a second" },
} as const satisfies Readonly<Record<string, Bound>>;
type Bounded = keyof typeof PING_BOUNDS;

export const MAX_NAMES = 100_000;
/** Round-trip times kept at the end of a batch, 8 bytes each. */
const MAX_KEPT_ECHOES = 10_000_000;

/** What a run needs to know, checked. */
export type PingSettings = Readonly<Record<Bounded, number>> & {
  readonly source: string | undefined;
  readonly family: AddressFamily | undefined;
};

/** `a whole number from 1 to 1000000 echoes`. */
export function boundText({ min, max, isWhole, unit }: Bound): string {
  return `${isWhole ? "a whole number" : "a number"} from ${min} to ${max} ${unit}`.trim();
}

export function isWithin(value: number, { min, max, isWhole }: Bound): boolean {
  return value >= min && value <= max && (!isWhole || Number.isInteger(value));
}

/** What contradicts itself in source and family, as a sentence; undefined when nothing does. */
export function sourceProblem(
  source: string | undefined,
  family: AddressFamily | undefined,
): string | undefined {
  if (source === undefined) return undefined;
  const ofSource = familyOf(source);
  if (ofSource === undefined) {
    return `source "${source}" is not an IP address: write an address of this machine, for example 192.0.2.1`;
  }
  if (family !== undefined && family !== ofSource) {
    return `source ${source} is no ${family} address: leave out one of the two`;
  }
  return undefined;
}

/**
 * The options of a caller, checked.
 *
 * @throws TypeError or RangeError that says what to write instead: a wrong option is the program's mistake, not a
 *   target's.
 */
export function settingsOf(names: readonly string[], options: PingOptions): PingSettings {
  if (!Array.isArray(names) || names.some((name) => typeof name !== "string")) {
    throw new TypeError("Cannot ping: the first argument must be a list of names or addresses");
  }
  if (names.length > MAX_NAMES) {
    throw new RangeError(`Cannot ping ${names.length} names at once: at most ${MAX_NAMES} fit`);
  }
  const family = options.family;
  if (family !== undefined && family !== "ipv4" && family !== "ipv6") {
    throw new TypeError(`Cannot ping: family must be "ipv4" or "ipv6", found ${found(family)}`);
  }
  const count = boundedOf("count", options);
  if (names.length * count > MAX_KEPT_ECHOES) {
    throw new RangeError(
      `Cannot keep ${names.length * count} round-trip times: at most ${MAX_KEPT_ECHOES}; use fewer names or a smaller count`,
    );
  }
  const problem = sourceProblem(options.source, family);
  if (problem !== undefined) throw new RangeError(`Cannot ping: ${problem}`);
  return {
    count,
    spacingSeconds: boundedOf("spacingSeconds", options),
    timeoutSeconds: boundedOf("timeoutSeconds", options),
    payloadBytes: boundedOf("payloadBytes", options),
    dscp: boundedOf("dscp", options),
    echoesPerSecond: boundedOf("echoesPerSecond", options),
    source: options.source,
    family: family ?? familyOf(options.source ?? ""),
  };
}

function boundedOf(name: Bounded, options: PingOptions): number {
  const bound = PING_BOUNDS[name];
  const value: unknown = options[name];
  if (value === undefined) return bound.otherwise;
  if (typeof value === "number" && isWithin(value, bound)) return value;
  throw new RangeError(`Cannot ping: ${name} must be ${boundText(bound)}, found ${found(value)}`);
}
