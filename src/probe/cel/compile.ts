import { type CelFunction, compilePattern, FUNCTIONS, missing, test } from "./functions.ts";
import { compileMacro, type Scope } from "./macros.ts";
import { parseCel, type Syntax } from "./parse.ts";
import { Run } from "./run.ts";
import { CelSyntaxError } from "./tokens.ts";
import {
  CelError,
  type CelValue,
  entryOf,
  isJsonObject,
  isMap,
  type MapKey,
  mapKey,
  noOverload,
  type Result,
  TYPE_NAMES,
  Type,
} from "./value.ts";

/** A compiled part of an expression. */
export type Part = {
  readonly evaluate: (run: Run) => Result;
  /** Its value, when that is known before there is a body. */
  readonly constant: CelValue | undefined;
};

/**
 * Compiles an expression of CEL over the variable `body`, by the standard definitions.
 *
 * What is wrong whatever the body is found here: names and functions that do not exist, constants of
 * types that do not go together, patterns that are none.
 *
 * @throws CelSyntaxError
 */
export function compileCel(text: string): Part {
  return compile(parseCel(text), { numbers: new Map([["body", 0]]), compile });
}

function compile(syntax: Syntax, scope: Scope): Part {
  switch (syntax.kind) {
    case "literal":
      return constantPart(syntax.value);
    case "name":
      return compileName(syntax.name, syntax.at, scope);
    case "select":
      return compileSelect(syntax, scope);
    case "call":
      return compileCall(syntax, scope);
    case "list": {
      const items = syntax.items.map((item) => compile(item, scope));
      return folded(items, syntax.at, (run) => all(items, run));
    }
    case "map":
      return compileMap(syntax, scope);
  }
}

export function constantPart(value: CelValue): Part {
  return { constant: value, evaluate: () => value };
}

/** The values of all parts, in order; the first error ends it. */
function all(parts: readonly Part[], run: Run): readonly CelValue[] | CelError {
  run.spend(parts.length);
  const values: CelValue[] = [];
  for (const { evaluate } of parts) {
    const value = evaluate(run);
    if (value instanceof CelError) return value;
    values.push(value);
  }
  return values;
}

/** Works out at once what depends on constants alone; only types that do not fit are a flaw then. */
function folded(parts: readonly Part[], at: number, evaluate: (run: Run) => Result): Part {
  if (parts.some(({ constant }) => constant === undefined)) {
    return { constant: undefined, evaluate };
  }
  const value = evaluate(new Run(null, FOLD_STEPS));
  if (!(value instanceof CelError)) return constantPart(value);
  if (value.isOfTypes) throw new CelSyntaxError(value.message, at);
  return { constant: undefined, evaluate };
}

/** A constant expression has less than its characters' worth of parts. */
const FOLD_STEPS = 10_000_000;

function compileName(name: string, at: number, { numbers }: Scope): Part {
  const number = numbers.get(name);
  if (number !== undefined) {
    return { constant: undefined, evaluate: ({ variables }) => variables[number] ?? null };
  }
  const type = TYPE_NAMES.find((known) => known === name);
  if (type !== undefined) return constantPart(new Type(type));
  throw new CelSyntaxError(`${name} is not known: the answer is called body`, at);
}

/** `google.protobuf.Timestamp` is one name. */
function qualifiedName(syntax: Syntax): string | undefined {
  if (syntax.kind === "name") return syntax.name;
  if (syntax.kind !== "select") return undefined;
  const before = qualifiedName(syntax.of);
  return before === undefined ? undefined : `${before}.${syntax.field}`;
}

function compileSelect(syntax: Syntax & { readonly kind: "select" }, scope: Scope): Part {
  const type = TYPE_NAMES.find((known) => known === qualifiedName(syntax));
  if (type !== undefined) return constantPart(new Type(type));
  const of = compile(syntax.of, scope);
  const { field } = syntax;
  return folded([of], syntax.at, (run) => {
    run.spend(1);
    const container = of.evaluate(run);
    if (container instanceof CelError) return container;
    const found = entryOf(container, field);
    if (found !== undefined) return found;
    return isMap(container) || isJsonObject(container)
      ? missing(field)
      : noOverload(`.${field}`, [container]);
  });
}

function compileMap(syntax: Syntax & { readonly kind: "map" }, scope: Scope): Part {
  const keys = syntax.entries.map(([key]) => compile(key, scope));
  const values = syntax.entries.map(([, value]) => compile(value, scope));
  return folded([...keys, ...values], syntax.at, (run) => {
    const madeKeys = all(keys, run);
    if (madeKeys instanceof CelError) return madeKeys;
    const madeValues = all(values, run);
    if (madeValues instanceof CelError) return madeValues;
    const made = new Map<MapKey, CelValue>();
    for (const [index, raw] of madeKeys.entries()) {
      const key = mapKey(raw);
      if (key === undefined) return noOverload("a key of a map", [raw]);
      if (made.has(key)) return new CelError(`the key ${String(key)} is there twice`);
      made.set(key, madeValues[index] ?? null);
    }
    return made;
  });
}

function compileCall(syntax: Syntax & { readonly kind: "call" }, scope: Scope): Part {
  const { name, target, at } = syntax;
  switch (name) {
    case "_&&_":
      return compileLogic(syntax, false, scope);
    case "_||_":
      return compileLogic(syntax, true, scope);
    case "_?_:_":
      return compileConditional(syntax, scope);
  }
  const macro = compileMacro(syntax, scope);
  if (macro !== undefined) return macro;
  const known = FUNCTIONS.get(name);
  if (known === undefined) throw new CelSyntaxError(`there is no function ${name}`, at);
  const { form, counts } = known;
  if ((target === undefined && form === "method") || (target !== undefined && form === "call")) {
    const call = form === "method" ? `x.${name}()` : `${name}(x)`;
    throw new CelSyntaxError(`${name} is written ${call}`, at);
  }
  const operands = target === undefined ? syntax.args : [target, ...syntax.args];
  if (!counts.includes(operands.length)) {
    const given = syntax.args.length;
    throw new CelSyntaxError(`${name} does not take ${given} arguments here`, at);
  }
  const parts = operands.map((operand) => compile(operand, scope));
  return name === "matches"
    ? compileMatches(parts, at, known)
    : folded(parts, at, applying(name, known, parts));
}

function applying(name: string, known: CelFunction, parts: readonly Part[]) {
  return (run: Run): Result => {
    const args = all(parts, run);
    if (args instanceof CelError) return args;
    return known.apply(args, run) ?? noOverload(name, args);
  };
}

/** A written pattern is compiled here, once. */
function compileMatches(parts: readonly Part[], at: number, known: CelFunction): Part {
  const general = applying("matches", known, parts);
  const [text, pattern] = parts;
  if (text === undefined || typeof pattern?.constant !== "string") {
    return folded(parts, at, general);
  }
  const compiled = compilePattern(pattern.constant);
  if (compiled instanceof CelError) {
    throw new CelSyntaxError(`not a regular expression in RE2 syntax: ${compiled.message}`, at);
  }
  return folded(parts, at, (run) => {
    run.spend(1);
    const value = text.evaluate(run);
    if (value instanceof CelError) return value;
    return typeof value === "string"
      ? test(compiled, value, run)
      : noOverload("matches", [value, ""]);
  });
}

/** `&&` ends with `false` and `||` with `true`, on either side, whatever becomes of the other. */
function compileLogic(
  syntax: Syntax & { readonly kind: "call" },
  decisive: boolean,
  scope: Scope,
): Part {
  const parts = syntax.args.map((arg) => compile(arg, scope));
  for (const { constant } of parts) {
    if (constant !== undefined && typeof constant !== "boolean") {
      throw new CelSyntaxError(noOverload(syntax.name, [constant]).message, syntax.at);
    }
  }
  return folded(parts, syntax.at, (run) => {
    run.spend(1);
    let error: CelError | undefined;
    for (const { evaluate } of parts) {
      const value = evaluate(run);
      if (value === decisive) return decisive;
      if (value instanceof CelError) error ??= value;
      else if (typeof value !== "boolean") error ??= noOverload(syntax.name, [value]);
    }
    return error ?? !decisive;
  });
}

function compileConditional(syntax: Syntax & { readonly kind: "call" }, scope: Scope): Part {
  const parts = syntax.args.map((arg) => compile(arg, scope));
  const [condition, then, otherwise] = parts;
  if (condition === undefined || then === undefined || otherwise === undefined) {
    throw new CelSyntaxError("a condition needs both its ends", syntax.at);
  }
  if (condition.constant !== undefined && typeof condition.constant !== "boolean") {
    throw new CelSyntaxError(noOverload("?:", [condition.constant]).message, syntax.at);
  }
  return folded(parts, syntax.at, (run) => {
    run.spend(1);
    const value = condition.evaluate(run);
    if (value === true) return then.evaluate(run);
    if (value === false) return otherwise.evaluate(run);
    return value instanceof CelError ? value : noOverload("?:", [value]);
  });
}
