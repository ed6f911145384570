import { FUNCTIONS } from "./functions.ts";
import { type Node, type Operand, type ParsedTemplate, type Pipe, parseTemplate } from "./parse.ts";
import { isMap, isTrue, kindOf, printed, type Value } from "./value.ts";

/** Deeper than any chart nests its templates; a template that includes itself ends here. */
const MAX_DEPTH = 50;

type Scope = { readonly variables: Map<string, Value>; readonly outer: Scope | undefined };

/**
 * Runs Go templates with the functions of Helm that the chart uses.
 *
 * Stricter than Go where Go is silent: an unknown function, directive or variable, a value that is not set and printed,
 * and an undefined template are all errors, with the file and the line.
 */
export class Templates {
  readonly #bodies = new Map<string, readonly Node[]>();
  #depth = 0;

  /** Adds a file and what it defines. A name defined twice is an error: which one wins depends on file names. */
  add(name: string, source: string): void {
    const parsed: ParsedTemplate = parseTemplate(source, name);
    for (const [defined, body] of [...parsed.defined, [name, parsed.body] as const]) {
      if (this.#bodies.has(defined)) throw new Error(`${name}: "${defined}" is defined twice`);
      this.#bodies.set(defined, body);
    }
  }

  /** What the file or definition `name` gives for `data`. */
  run(name: string, data: Value): string {
    const body = this.#bodies.get(name);
    if (body === undefined) throw new Error(`no template is named "${name}"`);
    if (this.#depth >= MAX_DEPTH) throw new Error(`"${name}" includes itself without end`);
    this.#depth += 1;
    try {
      const scope: Scope = { variables: new Map([["$", data]]), outer: undefined };
      return this.#nodes(body, data, scope, name);
    } finally {
      this.#depth -= 1;
    }
  }

  #nodes(nodes: readonly Node[], dot: Value, scope: Scope, name: string): string {
    return nodes.map((node) => this.#node(node, dot, scope, name)).join("");
  }

  #node(node: Node, dot: Value, scope: Scope, name: string): string {
    if (node.kind === "text") return node.text;
    const here = `${name}:${node.line}: `;
    const inner: Scope = { variables: new Map(), outer: scope };
    // A declaration in the head of a block belongs to the block.
    const value = placed(here, () =>
      this.#pipe(node.pipe, dot, scope, node.kind === "print" ? scope : inner, node.kind),
    );
    switch (node.kind) {
      case "print":
        return node.pipe.names.length > 0 ? "" : placed(here, () => printed(value));
      case "if":
        return this.#nodes(isTrue(value) ? node.body : node.otherwise, dot, inner, name);
      case "with":
        return isTrue(value)
          ? this.#nodes(node.body, value, inner, name)
          : this.#nodes(node.otherwise, dot, inner, name);
      case "range": {
        const entries = placed(here, () => entriesOf(value));
        if (entries.length === 0) return this.#nodes(node.otherwise, dot, inner, name);
        const { names } = node.pipe;
        return entries
          .map(([key, element]) => {
            const turn: Scope = { variables: new Map(), outer: inner };
            const given = names.length > 1 ? [key, element] : [element];
            for (const [at, variable] of names.entries()) turn.variables.set(variable, given[at]);
            return this.#nodes(node.body, element, turn, name);
          })
          .join("");
      }
    }
  }

  #pipe(pipe: Pipe, dot: Value, scope: Scope, target: Scope, of: Node["kind"]): Value {
    let piped: readonly Value[] = [];
    for (const command of pipe.commands) {
      const [first, ...rest] = command;
      if (first === undefined) throw new Error("an empty command");
      piped = [this.#command(first, rest, piped, dot, scope)];
    }
    const [value] = piped;
    if (of !== "range") this.#declare(pipe, value, target);
    return value;
  }

  #declare({ names, isAssignment }: Pipe, value: Value, target: Scope): void {
    for (const variable of names) {
      const scope = isAssignment ? scopeOf(variable, target) : target;
      scope.variables.set(variable, value);
    }
  }

  #command(
    first: Operand,
    rest: readonly Operand[],
    piped: readonly Value[],
    dot: Value,
    scope: Scope,
  ): Value {
    const given = (): Value[] => [
      ...rest.map((operand) => this.#operand(operand, dot, scope)),
      ...piped,
    ];
    if (first.kind === "function") {
      // Both stop at the first value that settles it (Go 1.18 and later).
      if (first.name === "and" || first.name === "or") {
        let value: Value;
        for (const operand of rest) {
          value = this.#operand(operand, dot, scope);
          if (isTrue(value) === (first.name === "or")) return value;
        }
        if (piped.length > 0 || rest.length === 0)
          throw new Error(`${first.name} takes arguments only`);
        return value;
      }
      return this.#call(first.name, given());
    }
    const value = this.#operand(first, dot, scope);
    if (typeof value === "function") return (value as (...words: Value[]) => Value)(...given());
    if (rest.length + piped.length > 0)
      throw new Error(`${kindOf(value)} is called like a function`);
    return value;
  }

  #call(name: string, given: readonly Value[]): Value {
    if (name === "include" || name === "tpl") {
      const [source, data, ...more] = given;
      if (typeof source !== "string" || more.length > 0 || given.length !== 2) {
        throw new Error(`${name} takes a text and the data`);
      }
      return name === "include" ? this.run(source, data) : this.#rendered(source, data);
    }
    const known = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (known === undefined) throw new Error(`function "${name}" is not known here`);
    return placed(`${name}: `, () => known(...given));
  }

  #rendered(source: string, data: Value): string {
    const parsed = parseTemplate(source, "tpl");
    if (parsed.defined.size > 0) throw new Error("define within tpl is not known here");
    const scope: Scope = { variables: new Map([["$", data]]), outer: undefined };
    return this.#nodes(parsed.body, data, scope, "tpl");
  }

  #operand(operand: Operand, dot: Value, scope: Scope): Value {
    switch (operand.kind) {
      case "constant":
        return operand.value;
      case "function":
        return this.#call(operand.name, []);
      case "pipe":
        return reached(this.#pipe(operand.pipe, dot, scope, scope, "print"), operand.keys);
      case "path": {
        const { start, keys } = operand;
        return reached(start === "" ? dot : scopeOf(start, scope).variables.get(start), keys);
      }
    }
  }
}

function scopeOf(variable: string, scope: Scope): Scope {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    if (at.variables.has(variable)) return at;
  }
  throw new Error(`variable ${variable} is not declared`);
}

/** A key that is missing gives nothing; a key of nothing is an error, as in Go. */
function reached(from: Value, keys: readonly string[]): Value {
  let value = from;
  for (const key of keys) {
    if (!isMap(value)) throw new Error(`.${key} of ${kindOf(value)}`);
    value = Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value;
}

/** Lists by index, maps sorted by key; nothing has no entries. */
function entriesOf(value: Value): readonly (readonly [Value, Value])[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) {
    return value.map((element: Value, at) => [BigInt(at), element] as const);
  }
  if (!isMap(value)) throw new Error(`range over ${kindOf(value)}`);
  return Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
}

/** Adds the place to an error, the innermost first in line. */
function placed<T>(place: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new Error(place + (error instanceof Error ? error.message : String(error)), {
      cause: error,
    });
  }
}
