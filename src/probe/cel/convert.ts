import { MAX_INT, MAX_UINT, MIN_INT } from "./literals.ts";
import type { Run } from "./run.ts";
import {
  formatDuration,
  formatTimestamp,
  parseDuration,
  parseTimestamp,
  secondsOf,
  timestampOfSeconds,
} from "./time.ts";
import { CelError, type CelValue, Duration, type Result, Timestamp, Unsigned } from "./value.ts";

const MAX_NUMBER_CHARACTERS = 400;

/** What each conversion gives; undefined for a type that it does not take. */
export const CONVERSIONS: Readonly<
  Record<string, (value: CelValue, run: Run) => Result | undefined>
> = {
  int: toInt,
  uint: toUint,
  double: toDouble,
  string: toText,
  bytes: toBytes,
  bool: toBool,
  timestamp: (value) => {
    if (value instanceof Timestamp) return value;
    if (typeof value === "bigint") return timestampOfSeconds(value);
    return typeof value === "string" ? parseTimestamp(value) : undefined;
  },
  duration: (value) => {
    if (value instanceof Duration) return value;
    if (typeof value === "bigint") return new Duration(value);
    return typeof value === "string" ? parseDuration(value) : undefined;
  },
};

function toInt(value: CelValue): Result | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") {
    // As Go: both ends excluded, for neither is a double that int could give back.
    const isWithin = value > -(2 ** 63) && value < 2 ** 63;
    return isWithin ? BigInt(Math.trunc(value)) : new CelError("the double is beyond int");
  }
  if (value instanceof Unsigned) {
    return value.value <= MAX_INT ? value.value : new CelError("the uint is beyond int");
  }
  if (value instanceof Timestamp) return secondsOf(value);
  if (value instanceof Duration) return value.nanoseconds;
  if (typeof value !== "string") return undefined;
  const isNumber = value.length <= MAX_NUMBER_CHARACTERS && /^[+-]?\d+$/.test(value);
  const parsed = isNumber ? BigInt(value.replace(/^\+/, "")) : undefined;
  return parsed !== undefined && parsed >= MIN_INT && parsed <= MAX_INT
    ? parsed
    : new CelError("the text is no int");
}

function toUint(value: CelValue): Result | undefined {
  if (value instanceof Unsigned) return value;
  if (typeof value === "bigint") {
    return value >= 0n ? new Unsigned(value) : new CelError("a negative int is no uint");
  }
  if (typeof value === "number") {
    const isWithin = value >= 0 && value < 2 ** 64;
    return isWithin
      ? new Unsigned(BigInt(Math.trunc(value)))
      : new CelError("the double is beyond uint");
  }
  if (typeof value !== "string") return undefined;
  const isNumber = value.length <= MAX_NUMBER_CHARACTERS && /^\d+$/.test(value);
  const parsed = isNumber ? BigInt(value) : undefined;
  return parsed !== undefined && parsed <= MAX_UINT
    ? new Unsigned(parsed)
    : new CelError("the text is no uint");
}

function toDouble(value: CelValue): Result | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Unsigned) return Number(value.value);
  if (typeof value !== "string") return undefined;
  const lower = value.toLowerCase();
  if (/^[+-]?inf(?:inity)?$/.test(lower)) return lower.startsWith("-") ? -Infinity : Infinity;
  if (lower === "nan") return Number.NaN;
  const isNumber =
    value.length <= MAX_NUMBER_CHARACTERS && /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/.test(lower);
  const parsed = isNumber ? Number(value) : Number.NaN;
  return Number.isFinite(parsed) ? parsed : new CelError("the text is no double");
}

function toText(value: CelValue, run: Run): Result | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (typeof value === "number") return formatDouble(value);
  if (value instanceof Unsigned) return String(value.value);
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatDuration(value);
  if (!(value instanceof Uint8Array)) return undefined;
  run.spendBytes(value.length);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value);
  } catch {
    return new CelError("the bytes are no UTF-8");
  }
}

/** As Go's `%g` prints the shortest form: an exponent from 1e+06 on and below 0.0001. */
function formatDouble(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa = "", exponentText = ""] = value.toExponential().split("e");
  const exponent = Number(exponentText);
  // Between these JavaScript writes no exponent either.
  if (exponent >= -4 && exponent < 6) return String(value);
  const sign = exponent < 0 ? "-" : "+";
  return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

function toBytes(value: CelValue, run: Run): Result | undefined {
  if (value instanceof Uint8Array) return value;
  if (typeof value !== "string") return undefined;
  run.spendBytes(value.length);
  return Buffer.from(value);
}

const TRUE: ReadonlySet<string> = new Set(["1", "t", "T", "true", "TRUE", "True"]);
const FALSE: ReadonlySet<string> = new Set(["0", "f", "F", "false", "FALSE", "False"]);

function toBool(value: CelValue): Result | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string") return undefined;
  if (TRUE.has(value)) return true;
  return FALSE.has(value) ? false : new CelError("the text is neither true nor false");
}
