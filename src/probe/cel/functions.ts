import { RE2JS, RE2JSException } from "re2js";
import { add, divide, multiply, negate, remainder, subtract } from "./arithmetic.ts";
import { isEqual, order } from "./compare.ts";
import { CONVERSIONS } from "./convert.ts";
import type { Run } from "./run.ts";
import { fieldOf, TIME_FIELDS } from "./time.ts";
import {
  CelError,
  type CelValue,
  entryOf,
  isJsonObject,
  isList,
  isMap,
  type MapKey,
  type Result,
  Type,
  typeName,
  Unsigned,
} from "./value.ts";

/** Longest pattern that comes with the body, or is put together; written ones are compiled once. */
const MAX_LIVE_PATTERN_CHARACTERS = 1_000;
/** Making a formatter for a time zone takes as long as so many steps. */
const ZONE_STEPS = 1_000;

export type CelFunction = {
  /** How it is called: `size(x)`, `x.startsWith(y)`, or as one likes. Operators are calls. */
  readonly form: "call" | "method" | "both";
  /** How many operands it may have, the one before the dot included. */
  readonly counts: readonly number[];
  /** Undefined: not for these types. */
  readonly apply: (args: readonly CelValue[], run: Run) => Result | undefined;
};

function unary(apply: (value: CelValue, run: Run) => Result | undefined): CelFunction {
  return { form: "call", counts: [1], apply: ([value = null], run) => apply(value, run) };
}

function binary(
  apply: (left: CelValue, right: CelValue, run: Run) => Result | undefined,
): CelFunction {
  return {
    form: "call",
    counts: [2],
    apply: ([left = null, right = null], run) => apply(left, right, run),
  };
}

function comparison(isHeld: (order: number) => boolean): CelFunction {
  return binary((left, right, run) => {
    const found = order(left, right, run);
    return found === undefined ? undefined : isHeld(found);
  });
}

function onTexts(apply: (text: string, other: string) => boolean): CelFunction {
  return {
    form: "method",
    counts: [2],
    apply: ([text, other], run) => {
      if (typeof text !== "string" || typeof other !== "string") return undefined;
      // The search begins anew at many places when the sought text is made for that.
      run.spendBytes(4 * (text.length + other.length));
      return apply(text, other);
    },
  };
}

/** Every function and operator but those that may leave an operand out (`&&`, `||`, `?:`, macros). */
export const FUNCTIONS: ReadonlyMap<string, CelFunction> = new Map([
  ["!_", unary((value) => (typeof value === "boolean" ? !value : undefined))],
  ["-_", unary(negate)],
  ["_+_", binary(add)],
  ["_-_", binary(subtract)],
  ["_*_", binary(multiply)],
  ["_/_", binary(divide)],
  ["_%_", binary(remainder)],
  ["_==_", binary((left, right, run) => isEqual(left, right, run))],
  ["_!=_", binary((left, right, run) => !isEqual(left, right, run))],
  ["_<_", comparison((found) => found < 0)],
  ["_<=_", comparison((found) => found <= 0)],
  ["_>_", comparison((found) => found > 0)],
  ["_>=_", comparison((found) => found >= 0)],
  ["_in_", binary(isIn)],
  ["_[_]", binary(at)],
  ["size", { form: "both", counts: [1], apply: ([value = null], run) => size(value, run) }],
  ["contains", onTexts((text, other) => text.includes(other))],
  ["startsWith", onTexts((text, other) => text.startsWith(other))],
  ["endsWith", onTexts((text, other) => text.endsWith(other))],
  ["matches", { form: "both", counts: [2], apply: ([text, by], run) => matches(text, by, run) }],
  ["type", unary((value) => new Type(typeName(value)))],
  ["dyn", unary((value) => value)],
  ...Object.entries(CONVERSIONS).map(([name, convert]) => [name, unary(convert)] as const),
  ...TIME_FIELDS.map((name) => [name, timeField(name)] as const),
]);

function timeField(name: string): CelFunction {
  return {
    form: "method",
    counts: [1, 2],
    apply: ([value = null, zone], run) => {
      if (zone !== undefined) run.spend(ZONE_STEPS);
      return fieldOf(name, value, zone);
    },
  };
}

function isIn(value: CelValue, container: CelValue, run: Run): Result | undefined {
  if (isList(container)) return container.some((item) => isEqual(item, value, run));
  if (isMap(container) || isJsonObject(container)) return entryOf(container, value) !== undefined;
  return undefined;
}

/** An element of a list or a map. */
function at(container: CelValue, key: CelValue): Result | undefined {
  if (isList(container)) {
    const index = key instanceof Unsigned ? key.value : key;
    if (typeof index !== "bigint" && !(typeof index === "number" && Number.isInteger(index))) {
      return undefined;
    }
    const found = container[Number(index)];
    return found === undefined
      ? new CelError(`the list has ${container.length} elements, none at ${index}`)
      : found;
  }
  if (!isMap(container) && !isJsonObject(container)) return undefined;
  const found = entryOf(container, key);
  return found === undefined ? missing(key) : found;
}

export function missing(key: CelValue | MapKey): CelError {
  const shown = typeof key === "object" ? typeName(key) : String(key).slice(0, 100);
  return new CelError(`no such key: ${shown}`);
}

function size(value: CelValue, run: Run): Result | undefined {
  if (isList(value)) return BigInt(value.length);
  if (value instanceof Uint8Array) return BigInt(value.length);
  if (typeof value === "string") {
    run.spend(Math.floor(value.length / 16));
    let count = 0;
    for (const _ of value) count += 1;
    return BigInt(count);
  }
  if (isMap(value)) return BigInt(value.size);
  if (!isJsonObject(value)) return undefined;
  const { length } = Object.keys(value);
  run.spend(length);
  return BigInt(length);
}

/** Whether a pattern of RE2 is somewhere in the text. Linear in time, but slow: a step a character. */
function matches(
  text: CelValue | undefined,
  pattern: CelValue | undefined,
  run: Run,
): Result | undefined {
  if (typeof text !== "string" || typeof pattern !== "string") return undefined;
  if (pattern.length > MAX_LIVE_PATTERN_CHARACTERS) {
    return new CelError(`the pattern has more than ${MAX_LIVE_PATTERN_CHARACTERS} characters`);
  }
  run.spend(100 * (1 + pattern.length));
  const compiled = compilePattern(pattern);
  return compiled instanceof CelError ? compiled : test(compiled, text, run);
}

/** A pattern that is written in the expression: compiled once. */
export function compilePattern(pattern: string): RE2JS | CelError {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return new CelError(error.message.replace(/^error parsing regexp: /, ""));
  }
}

export function test(pattern: RE2JS, text: string, run: Run): boolean {
  run.spend(text.length);
  return pattern.test(text);
}
