import type { Part } from "./compile.ts";
import type { Syntax } from "./parse.ts";
import type { Run } from "./run.ts";
import { CelSyntaxError } from "./tokens.ts";
import {
  CelError,
  type CelValue,
  entryOf,
  isJsonObject,
  isList,
  isMap,
  keysOf,
  noOverload,
  type Result,
} from "./value.ts";

/** What is known where a part stands. */
export type Scope = {
  /** Variables by name; the number is their place in a run. */
  readonly numbers: ReadonlyMap<string, number>;
  readonly compile: (syntax: Syntax, scope: Scope) => Part;
};

type Call = Syntax & { readonly kind: "call" };

/** One turn of a loop. Gives the loop's result when no other turn is needed. */
type Turn = (item: CelValue, run: Run) => Result | undefined;

/** A loop about to begin: its turns, and what it gives when they are over. */
type Loop = { readonly turn: Turn; readonly end: () => Result };

/**
 * Compiles `has` and the loops `all`, `exists`, `exists_one`, `map` and `filter`. Each turn of a loop is a
 * step, so that loops within loops over a peer's lists come to an end.
 *
 * @returns undefined when the call is none of them.
 * @throws CelSyntaxError
 * @see https://github.com/google/cel-spec/blob/master/doc/langdef.md#macros
 */
export function compileMacro(call: Call, scope: Scope): Part | undefined {
  const { name, target, args } = call;
  if (target === undefined) return name === "has" ? compileHas(call, scope) : undefined;
  switch (name) {
    case "all":
      return args.length === 2 ? loop(call, target, scope, quantifier(false)) : undefined;
    case "exists":
      return args.length === 2 ? loop(call, target, scope, quantifier(true)) : undefined;
    case "exists_one":
    case "existsOne":
      return args.length === 2 ? loop(call, target, scope, beginExistsOne) : undefined;
    case "filter":
      return args.length === 2 ? loop(call, target, scope, beginFilter) : undefined;
    case "map":
      return args.length === 2 || args.length === 3
        ? loop(call, target, scope, beginMap)
        : undefined;
    default:
      return undefined;
  }
}

/** Whether a field is there: of a map alone, and what stands before the last dot must be there. */
function compileHas({ args, at }: Call, scope: Scope): Part {
  const [field, another] = args;
  if (field?.kind !== "select" || another !== undefined) {
    throw new CelSyntaxError("has is written has(body.field)", at);
  }
  const of = scope.compile(field.of, scope);
  return {
    constant: undefined,
    evaluate: (run) => {
      run.spend(1);
      const container = of.evaluate(run);
      if (container instanceof CelError) return container;
      if (isMap(container) || isJsonObject(container)) {
        return entryOf(container, field.field) !== undefined;
      }
      return noOverload("has", [container]);
    },
  };
}

function loop(
  { args, name, at }: Call,
  target: Syntax,
  scope: Scope,
  begin: (parts: readonly Part[], name: string) => Loop,
): Part {
  const [variable, ...bodies] = args;
  if (variable?.kind !== "name") {
    throw new CelSyntaxError(`${name} is written body.${name}(x, …) with a name for x`, at);
  }
  const range = scope.compile(target, scope);
  // Names of one depth share a place: loops beside each other never run at once.
  const number = Math.max(...scope.numbers.values()) + 1;
  const numbers = new Map(scope.numbers).set(variable.name, number);
  const parts = bodies.map((body) => scope.compile(body, { ...scope, numbers }));
  return {
    constant: undefined,
    evaluate: (run) => {
      run.spend(1);
      const over = range.evaluate(run);
      if (over instanceof CelError) return over;
      const items = itemsOf(over, run);
      if (items === undefined) return noOverload(name, [over]);
      const { turn, end } = begin(parts, name);
      for (const item of items) {
        run.spend(1);
        run.variables[number] = item;
        const result = turn(item, run);
        if (result !== undefined) return result;
      }
      return end();
    },
  };
}

/** Of a map its keys. */
function itemsOf(over: CelValue, run: Run): readonly CelValue[] | undefined {
  if (isList(over)) return over;
  if (!isMap(over) && !isJsonObject(over)) return undefined;
  const keys = keysOf(over);
  run.spend(keys.length);
  return keys;
}

function asBool(value: Result | undefined, name: string): boolean | CelError {
  if (typeof value === "boolean" || value instanceof CelError) return value;
  return noOverload(name, [value ?? null]);
}

/** Ends at the first element that decides; an error counts only where none does. */
function quantifier(decisive: boolean) {
  return ([predicate]: readonly Part[], name: string): Loop => {
    let error: CelError | undefined;
    return {
      turn: (_item, run) => {
        const value = asBool(predicate?.evaluate(run), name);
        if (value === decisive) return decisive;
        if (value instanceof CelError) error ??= value;
        return undefined;
      },
      end: () => error ?? !decisive,
    };
  };
}

function beginExistsOne([predicate]: readonly Part[], name: string): Loop {
  let count = 0;
  return {
    turn: (_item, run) => {
      const value = asBool(predicate?.evaluate(run), name);
      if (value instanceof CelError) return value;
      if (value) count += 1;
      return undefined;
    },
    end: () => count === 1,
  };
}

function beginFilter([predicate]: readonly Part[], name: string): Loop {
  const kept: CelValue[] = [];
  return {
    turn: (item, run) => {
      const value = asBool(predicate?.evaluate(run), name);
      if (value instanceof CelError) return value;
      if (value) kept.push(item);
      return undefined;
    },
    end: () => kept,
  };
}

function beginMap(parts: readonly Part[], name: string): Loop {
  const [filter, transform] = parts.length === 2 ? parts : [undefined, parts[0]];
  const made: CelValue[] = [];
  return {
    turn: (_item, run) => {
      const isTaken = filter === undefined || asBool(filter.evaluate(run), name);
      if (isTaken instanceof CelError) return isTaken;
      if (!isTaken) return undefined;
      const value = transform?.evaluate(run) ?? null;
      if (value instanceof CelError) return value;
      made.push(value);
      return undefined;
    },
    end: () => made,
  };
}
