import type { Run } from "./run.ts";
import {
  type CelValue,
  Duration,
  entryOf,
  isJsonObject,
  isList,
  isMap,
  keysOf,
  Timestamp,
  Type,
  Unsigned,
} from "./value.ts";

/** How deep two values are compared; each level is a call of ours, and the peer nests as it likes. */
const MAX_DEPTH = 1_000;

/** A number whatever its type: int and uint as bigint. JavaScript compares the two kinds exactly. */
function numberOf(value: CelValue): number | bigint | undefined {
  if (typeof value === "number" || typeof value === "bigint") return value;
  return value instanceof Unsigned ? value.value : undefined;
}

/** Whether two values are equal by CEL's rules: numbers across types, other types never, nor what nests deeper. */
export function isEqual(a: CelValue, b: CelValue, run: Run, depth = 0): boolean {
  run.spend(1);
  if (depth > MAX_DEPTH) return false;
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined || y !== undefined) {
    // oxlint-disable-next-line eqeqeq -- the comparison of number and bigint that is exact
    return x !== undefined && y !== undefined && x == y;
  }
  if (typeof a === "string" && typeof b === "string") {
    run.spendBytes(Math.min(a.length, b.length));
    return a === b;
  }
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return a === b;
  if (isList(a)) {
    if (!isList(b) || a.length !== b.length) return false;
    return a.every((item, at) => isEqual(item, b[at] ?? null, run, depth + 1));
  }
  if (a instanceof Uint8Array) {
    run.spendBytes(a.length);
    return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  }
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanoseconds === b.nanoseconds;
  if (a instanceof Duration) return b instanceof Duration && a.nanoseconds === b.nanoseconds;
  if (a instanceof Type) return b instanceof Type && a.name === b.name;
  if (!(isMap(a) || isJsonObject(a)) || !(isMap(b) || isJsonObject(b))) return false;
  const keys = keysOf(a);
  run.spend(keys.length);
  if (keys.length !== keysOf(b).length) return false;
  return keys.every((key) => {
    const other = entryOf(b, key);
    return other !== undefined && isEqual(entryOf(a, key) ?? null, other, run, depth + 1);
  });
}

/** Below 0, 0 or above 0; NaN for numbers without an order; undefined for types without one. */
export function order(a: CelValue, b: CelValue, run: Run): number | undefined {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return x < y ? -1 : x > y ? 1 : x >= y ? 0 : Number.NaN;
  if (typeof a === "string" && typeof b === "string") {
    run.spendBytes(Math.min(a.length, b.length));
    return compareText(a, b);
  }
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    run.spendBytes(Math.min(a.length, b.length));
    return Buffer.compare(a, b);
  }
  if (
    (a instanceof Timestamp && b instanceof Timestamp) ||
    (a instanceof Duration && b instanceof Duration)
  ) {
    return a.nanoseconds < b.nanoseconds ? -1 : a.nanoseconds > b.nanoseconds ? 1 : 0;
  }
  return undefined;
}

/** By code points, as Go compares UTF-8; JavaScript alone would put U+FFFD behind an emoji. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  if (at === length) return a.length - b.length;
  return rank(a.charCodeAt(at)) - rank(b.charCodeAt(at));
}

/** Surrogates stand for what is above U+FFFF, though their own codes are below U+E000. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit;
}
