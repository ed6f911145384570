import { MAX_INT, MAX_UINT, MIN_INT } from "./literals.ts";
import type { Run } from "./run.ts";
import { isTimestampInRange } from "./time.ts";
import {
  CelError,
  type CelValue,
  Duration,
  isList,
  type Result,
  Timestamp,
  Unsigned,
} from "./value.ts";

const OVERFLOW = "the result is beyond 64 bits";

function int(value: bigint): Result {
  return value >= MIN_INT && value <= MAX_INT ? value : new CelError(OVERFLOW);
}

function unsigned(value: bigint): Result {
  return value >= 0n && value <= MAX_UINT ? new Unsigned(value) : new CelError(OVERFLOW);
}

function timestamp(nanoseconds: bigint): Result {
  return isTimestampInRange(nanoseconds)
    ? new Timestamp(nanoseconds)
    : new CelError("the moment is not within the years 1 to 9999");
}

function duration(nanoseconds: bigint): Result {
  return nanoseconds >= MIN_INT && nanoseconds <= MAX_INT
    ? new Duration(nanoseconds)
    : new CelError("the span of time is longer than 292 years");
}

/** The sum, or what two texts, bytes or lists are together; undefined for types that do not add. */
export function add(a: CelValue, b: CelValue, run: Run): Result | undefined {
  if (typeof a === "number" && typeof b === "number") return a + b;
  if (typeof a === "bigint" && typeof b === "bigint") return int(a + b);
  if (typeof a === "string" && typeof b === "string") {
    run.spendBytes(a.length + b.length);
    return a + b;
  }
  if (a instanceof Unsigned && b instanceof Unsigned) return unsigned(a.value + b.value);
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    run.spendBytes(a.length + b.length);
    return Buffer.concat([a, b]);
  }
  if (a instanceof Timestamp && b instanceof Duration) {
    return timestamp(a.nanoseconds + b.nanoseconds);
  }
  if (a instanceof Duration && b instanceof Timestamp) {
    return timestamp(a.nanoseconds + b.nanoseconds);
  }
  if (a instanceof Duration && b instanceof Duration)
    return duration(a.nanoseconds + b.nanoseconds);
  if (!isList(a) || !isList(b)) return undefined;
  run.spend(a.length + b.length);
  return a.concat(b);
}

export function subtract(a: CelValue, b: CelValue): Result | undefined {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "bigint" && typeof b === "bigint") return int(a - b);
  if (a instanceof Unsigned && b instanceof Unsigned) return unsigned(a.value - b.value);
  if (a instanceof Timestamp && b instanceof Timestamp) {
    return duration(a.nanoseconds - b.nanoseconds);
  }
  if (a instanceof Timestamp && b instanceof Duration) {
    return timestamp(a.nanoseconds - b.nanoseconds);
  }
  if (a instanceof Duration && b instanceof Duration)
    return duration(a.nanoseconds - b.nanoseconds);
  return undefined;
}

export function multiply(a: CelValue, b: CelValue): Result | undefined {
  if (typeof a === "number" && typeof b === "number") return a * b;
  if (typeof a === "bigint" && typeof b === "bigint") return int(a * b);
  if (a instanceof Unsigned && b instanceof Unsigned) return unsigned(a.value * b.value);
  return undefined;
}

export function divide(a: CelValue, b: CelValue): Result | undefined {
  if (typeof a === "number" && typeof b === "number") return a / b;
  const byZero = new CelError("division by zero");
  if (typeof a === "bigint" && typeof b === "bigint") return b === 0n ? byZero : int(a / b);
  if (a instanceof Unsigned && b instanceof Unsigned) {
    return b.value === 0n ? byZero : unsigned(a.value / b.value);
  }
  return undefined;
}

/** The sign is that of the first operand. Doubles have no remainder. */
export function remainder(a: CelValue, b: CelValue): Result | undefined {
  const byZero = new CelError("remainder of a division by zero");
  if (typeof a === "bigint" && typeof b === "bigint") return b === 0n ? byZero : a % b;
  if (a instanceof Unsigned && b instanceof Unsigned) {
    return b.value === 0n ? byZero : new Unsigned(a.value % b.value);
  }
  return undefined;
}

export function negate(a: CelValue): Result | undefined {
  if (typeof a === "number") return -a;
  return typeof a === "bigint" ? int(-a) : undefined;
}
