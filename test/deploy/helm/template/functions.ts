import { createHash } from "node:crypto";
import { parse, stringify } from "yaml";
import { isMap, isTrue, kindOf, printed, type Value } from "./value.ts";

/** Gets its arguments in Go's order: what was piped comes last. */
export type TemplateFunction = (...given: readonly Value[]) => Value;

function text(value: Value): string {
  if (typeof value !== "string") throw new Error(`wants a text, got ${kindOf(value)}`);
  return value;
}

function count(value: Value): number {
  if (typeof value !== "bigint") throw new Error(`wants a whole number, got ${kindOf(value)}`);
  return Number(value);
}

function list(value: Value): readonly Value[] {
  if (!Array.isArray(value)) throw new Error(`wants a list, got ${kindOf(value)}`);
  return value;
}

function map(value: Value): Readonly<Record<string, Value>> {
  if (!isMap(value)) throw new Error(`wants a map, got ${kindOf(value)}`);
  return value;
}

/** Kubernetes reads YAML 1.1, in which `on` and `yes` are booleans: such texts are written in quotes. */
export function toYaml(value: Value): string {
  return stringify(value, {
    version: "1.1",
    sortMapEntries: true,
    indentSeq: false,
    lineWidth: 0,
  }).replace(/\n$/, "");
}

function indent(spaces: Value, given: Value): string {
  const padding = " ".repeat(count(spaces));
  return padding + text(given).replaceAll("\n", `\n${padding}`);
}

function quote(...given: readonly Value[]): string {
  return given
    .filter((value) => value !== null && value !== undefined)
    .map((value) => {
      const plain = printed(value);
      // Go writes other control characters otherwise than JSON.
      if (/[^\P{Cc}\n\t]/u.test(plain)) throw new Error("a control character is quoted");
      return JSON.stringify(plain);
    })
    .join(" ");
}

function printf(format: Value, ...given: readonly Value[]): string {
  let used = 0;
  const filled = text(format).replace(/%(.?)/g, (verb, letter: string) => {
    const value = given[used];
    used += 1;
    if (letter === "s") return text(value);
    if (letter === "v") return printed(value);
    throw new Error(`printf does not know ${verb}`);
  });
  if (used !== given.length) throw new Error(`printf has ${given.length} values for ${used} verbs`);
  return filled;
}

/** As Go: values of two kinds cannot be compared, which is an error there too. */
function isEqual(one: Value, other: Value): boolean {
  if (kindOf(one) !== kindOf(other)) {
    throw new Error(`${kindOf(one)} and ${kindOf(other)} cannot be compared`);
  }
  if (typeof one === "object") throw new Error("maps and lists cannot be compared");
  return one === other;
}

/** The functions of Go's text/template, sprig and Helm that the chart uses, and no other. */
export const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  append: (given, value) => [...list(given), value],
  base: (path) => text(path).split("/").at(-1) ?? "",
  contains: (part, whole) => text(whole).includes(text(part)),
  default: (otherwise, value) => (isTrue(value) ? value : otherwise),
  dict: (...given) => {
    if (given.length % 2 !== 0) throw new Error("dict wants a value for each key");
    return Object.fromEntries(
      given.flatMap((key, at) => (at % 2 === 0 ? [[text(key), given[at + 1]]] : [])),
    );
  },
  eq: (one, ...others) => others.some((other) => isEqual(one, other)),
  fail: (message) => {
    throw new Error(text(message));
  },
  fromYaml: (source) => map(parse(text(source), { version: "1.1" })),
  get: (given, key) => map(given)[text(key)] ?? "",
  has: (value, given) => list(given).includes(value),
  indent,
  int64: (value) => {
    if (typeof value !== "number" || !Number.isSafeInteger(value)) {
      throw new Error(`int64 wants a whole number, got ${kindOf(value)}`);
    }
    return BigInt(value);
  },
  kindIs: (kind, value) => kindOf(value) === text(kind),
  list: (...given) => given,
  lower: (given) => text(given).toLowerCase(),
  ne: (one, other) => !isEqual(one, other),
  nindent: (spaces, given) => `\n${indent(spaces, given)}`,
  not: (value) => !isTrue(value),
  omit: (given, ...keys) => {
    const left = Object.entries(map(given)).filter(([key]) => !keys.includes(key));
    return Object.fromEntries(left);
  },
  printf,
  quote,
  replace: (from, to, whole) => text(whole).replaceAll(text(from), () => text(to)),
  sha256sum: (given) => createHash("sha256").update(text(given)).digest("hex"),
  ternary: (yes, no, isYes) => {
    if (typeof isYes !== "boolean") throw new Error(`ternary wants a bool, got ${kindOf(isYes)}`);
    return isYes ? yes : no;
  },
  toString: (value: Value) => printed(value),
  toYaml: (value) => toYaml(value),
  trimPrefix: (part, whole) => {
    const from = text(whole);
    return from.startsWith(text(part)) ? from.slice(text(part).length) : from;
  },
  trimSuffix: (part, whole) => {
    const from = text(whole);
    return text(part) !== "" && from.endsWith(text(part))
      ? from.slice(0, -text(part).length)
      : from;
  },
  trunc: (characters, given) => text(given).slice(0, count(characters)),
};
