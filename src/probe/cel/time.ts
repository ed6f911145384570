import { MAX_INT, MIN_INT } from "./literals.ts";
import { CelError, type CelValue, Duration, type Result, Timestamp } from "./value.ts";

const SECOND = 1_000_000_000n;
const MILLISECOND = 1_000_000n;
/** 0001-01-01T00:00:00Z and 10000-01-01T00:00:00Z. */
const FIRST_SECOND = -62_135_596_800n;
const END_SECOND = 253_402_300_800n;

export function isTimestampInRange(nanoseconds: bigint): boolean {
  return nanoseconds >= FIRST_SECOND * SECOND && nanoseconds < END_SECOND * SECOND;
}

const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** @see RFC 3339 section 5.6; a day that is not in its month is refused. */
export function parseTimestamp(text: string): Result {
  const [, main = "", fraction = "", zone = ""] = RFC_3339.exec(text) ?? [];
  const milliseconds = Date.parse(`${main}${zone}`);
  const isWhole = Date.parse(`${main}Z`);
  const isDay =
    !Number.isNaN(isWhole) && new Date(isWhole).toISOString().startsWith(main.slice(0, 10));
  if (main === "" || Number.isNaN(milliseconds) || !isDay) {
    return new CelError("the text is no timestamp of RFC 3339");
  }
  const nanoseconds = BigInt(milliseconds) * MILLISECOND + BigInt(fraction.padEnd(9, "0"));
  return isTimestampInRange(nanoseconds)
    ? new Timestamp(nanoseconds)
    : new CelError("the moment is not within the years 1 to 9999");
}

export function timestampOfSeconds(seconds: bigint): Result {
  if (seconds < FIRST_SECOND || seconds >= END_SECOND) {
    return new CelError("the moment is not within the years 1 to 9999");
  }
  return new Timestamp(seconds * SECOND);
}

/** Rounded down, so that moments before 1970 keep their second. */
function floorDivide(a: bigint, b: bigint): bigint {
  return a / b - (a % b < 0n ? 1n : 0n);
}

export function secondsOf({ nanoseconds }: Timestamp): bigint {
  return floorDivide(nanoseconds, SECOND);
}

export function formatTimestamp(moment: Timestamp): string {
  const seconds = secondsOf(moment);
  const fraction = String(moment.nanoseconds - seconds * SECOND).padStart(9, "0");
  const main = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  const shown = fraction.replace(/0+$/, "");
  return `${main}${shown === "" ? "" : `.${shown}`}Z`;
}

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: MILLISECOND,
  s: SECOND,
  m: 60n * SECOND,
  h: 3_600n * SECOND,
};

const MAX_DURATION_CHARACTERS = 100;

/** As Go writes durations: `1h30m`, `-1.5s`, `0`. */
export function parseDuration(text: string): Result {
  const wrong = new CelError("the text is no duration such as 1h30m or 1.5s");
  if (text.length > MAX_DURATION_CHARACTERS) return wrong;
  const [, sign = "", rest = ""] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === "0") return new Duration(0n);
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return wrong;
  let total = 0n;
  for (const [, whole = "", fraction = "", unit = ""] of rest.matchAll(
    /(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g,
  )) {
    const unitNanoseconds = UNITS[unit] ?? 0n;
    total += BigInt(whole === "" ? "0" : whole) * unitNanoseconds;
    if (fraction !== "") {
      total += (BigInt(fraction) * unitNanoseconds) / 10n ** BigInt(fraction.length);
    }
  }
  const signed = sign === "-" ? -total : total;
  if (signed < MIN_INT || signed > MAX_INT) {
    return new CelError("the span of time is longer than 292 years");
  }
  return new Duration(signed);
}

export function formatDuration({ nanoseconds }: Duration): string {
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const fraction = String(size % SECOND)
    .padStart(9, "0")
    .replace(/0+$/, "");
  const sign = nanoseconds < 0n ? "-" : "";
  return `${sign}${size / SECOND}${fraction === "" ? "" : `.${fraction}`}s`;
}

const DAY_MILLISECONDS = 86_400_000;

type Clockface = { readonly date: Date; readonly nanoseconds: bigint };

/** The parts of a moment that CEL's methods ask for; numbered as JavaScript numbers months and days. */
const FIELDS: Readonly<Record<string, (at: Clockface) => number>> = {
  getFullYear: ({ date }) => date.getUTCFullYear(),
  getMonth: ({ date }) => date.getUTCMonth(),
  getDate: ({ date }) => date.getUTCDate(),
  getDayOfMonth: ({ date }) => date.getUTCDate() - 1,
  getDayOfWeek: ({ date }) => date.getUTCDay(),
  getDayOfYear: ({ date }) => {
    const begin = new Date(date.getTime());
    begin.setUTCMonth(0, 1);
    return Math.round((date.getTime() - begin.getTime()) / DAY_MILLISECONDS);
  },
  getHours: ({ date }) => date.getUTCHours(),
  getMinutes: ({ date }) => date.getUTCMinutes(),
  getSeconds: ({ date }) => date.getUTCSeconds(),
  getMilliseconds: ({ nanoseconds }) => Number((nanoseconds % SECOND) / MILLISECOND),
};
export const TIME_FIELDS: readonly string[] = Object.keys(FIELDS);

const DURATION_UNITS: Readonly<Record<string, bigint>> = {
  getHours: 3_600n * SECOND,
  getMinutes: 60n * SECOND,
  getSeconds: SECOND,
  getMilliseconds: MILLISECOND,
};

/**
 * A part of a moment in a time zone, UTC when there is none; of a span of time the whole of it in that
 * unit, milliseconds too, as cel-go has it. Undefined for other types.
 */
export function fieldOf(
  name: string,
  value: CelValue,
  zone: CelValue | undefined,
): Result | undefined {
  if (value instanceof Duration && zone === undefined) {
    const unit = DURATION_UNITS[name];
    return unit === undefined ? undefined : value.nanoseconds / unit;
  }
  const field = FIELDS[name];
  if (field === undefined || !(value instanceof Timestamp)) return undefined;
  if (zone !== undefined && typeof zone !== "string") return undefined;
  const seconds = secondsOf(value);
  const date = new Date(Number(seconds) * 1000);
  const offsetSeconds = zone === undefined ? 0 : zoneOffset(zone, date);
  if (offsetSeconds === undefined) return new CelError("the text names no time zone");
  const shifted = new Date(date.getTime() + offsetSeconds * 1000);
  return BigInt(field({ date: shifted, nanoseconds: value.nanoseconds - seconds * SECOND }));
}

const MAX_ZONE_CHARACTERS = 64;

/** Seconds that a zone (`Europe/Berlin`, `+02:00`) is ahead of UTC at a moment. */
function zoneOffset(zone: string, at: Date): number | undefined {
  const [, sign, hours, minutes] = /^([+-]?)(\d\d):(\d\d)$/.exec(zone) ?? [];
  if (hours !== undefined && minutes !== undefined) {
    const size = Number(hours) * 3600 + Number(minutes) * 60;
    return sign === "-" ? -size : size;
  }
  if (zone === "" || zone.length > MAX_ZONE_CHARACTERS) return zone === "" ? 0 : undefined;
  try {
    const parts = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    }).formatToParts(at);
    const part = (type: string): number =>
      Number(parts.find((one) => one.type === type)?.value ?? Number.NaN);
    const local = Date.UTC(
      part("year"),
      part("month") - 1,
      part("day"),
      part("hour"),
      part("minute"),
      part("second"),
    );
    const offsetSeconds = (local - at.getTime()) / 1000;
    return Number.isNaN(offsetSeconds) ? undefined : offsetSeconds;
  } catch {
    // A RangeError: no such zone.
    return undefined;
  }
}
