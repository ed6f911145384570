import { literalOf } from "./literals.ts";
import { CelSyntaxError, type Token, tokensOf } from "./tokens.ts";
import type { CelValue } from "./value.ts";

/** Longest expression in characters, and how deep it may nest: each level is a call of ours. */
export const MAX_EXPRESSION_CHARACTERS = 10_000;
const MAX_DEPTH = 100;

/** An expression as it is written; operators are calls by the names that CEL gives them. */
export type Syntax = { readonly at: number } & (
  | { readonly kind: "literal"; readonly value: CelValue }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "select"; readonly of: Syntax; readonly field: string }
  | {
      readonly kind: "call";
      readonly name: string;
      /** What stands before the dot. */
      readonly target: Syntax | undefined;
      readonly args: readonly Syntax[];
    }
  | { readonly kind: "list"; readonly items: readonly Syntax[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [Syntax, Syntax])[] }
);

/** Words that no variable may be called. */
const RESERVED: ReadonlySet<string> = new Set(
  "as break const continue else false for function if import in let loop package namespace null return true var void while".split(
    " ",
  ),
);

/** Operators of two operands, from the loosest to the tightest; those of one level go left to right. */
const LEVELS: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["==", "!=", "<", "<=", ">", ">=", "in"],
  ["+", "-"],
  ["*", "/", "%"],
];

/**
 * Parses an expression of CEL.
 *
 * @throws CelSyntaxError
 * @see https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
 */
export function parseCel(text: string): Syntax {
  if (text.length > MAX_EXPRESSION_CHARACTERS) {
    const why = `an expression may have at most ${MAX_EXPRESSION_CHARACTERS} characters`;
    throw new CelSyntaxError(why, MAX_EXPRESSION_CHARACTERS);
  }
  const parser = new Parser(tokensOf(text));
  const parsed = parser.expression();
  parser.end();
  return parsed;
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  end(): void {
    if (this.#token.kind !== "end") throw this.#unexpected();
  }

  expression(): Syntax {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) {
      throw new CelSyntaxError(`nests deeper than ${MAX_DEPTH} levels`, this.#token.at);
    }
    const condition = this.#binary(0);
    const { at } = this.#token;
    if (this.#take("?")) {
      const then = this.#binary(0);
      this.#expect(":");
      const otherwise = this.expression();
      this.#depth -= 1;
      return call("_?_:_", [condition, then, otherwise], at);
    }
    this.#depth -= 1;
    return condition;
  }

  get #token(): Token {
    const token = this.#tokens[Math.min(this.#next, this.#tokens.length - 1)];
    if (token === undefined) throw new CelSyntaxError("is empty", 0);
    return token;
  }

  #unexpected(wanted?: string): CelSyntaxError {
    const { kind, text, at } = this.#token;
    const seen = kind === "end" ? "the end" : JSON.stringify(text);
    if (wanted !== undefined) return new CelSyntaxError(`expected ${wanted}, found ${seen}`, at);
    return new CelSyntaxError(
      kind === "end" ? "ends too early" : `${seen} is not expected here`,
      at,
    );
  }

  /** Takes the sign or the word `in`, if it is next. */
  #take(sign: string): boolean {
    const { kind, text } = this.#token;
    if (text !== sign || !(kind === "sign" || (kind === "name" && sign === "in"))) return false;
    this.#next += 1;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) throw this.#unexpected(sign);
  }

  #binary(level: number): Syntax {
    const signs = LEVELS[level];
    if (signs === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const { at } = this.#token;
      const sign = signs.find((one) => this.#take(one));
      if (sign === undefined) return left;
      left = call(`_${sign}_`, [left, this.#binary(level + 1)], at);
    }
  }

  #unary(): Syntax {
    const { at } = this.#token;
    for (const sign of ["!", "-"]) {
      let count = 0;
      while (this.#take(sign)) count += 1;
      if (count === 0) continue;
      const { kind } = this.#token;
      const isNumber = kind === "int" || kind === "double";
      // The last minus before a number belongs to it.
      let operand = isNumber && sign === "-" ? this.#member(true) : this.#member(false);
      if (isNumber && sign === "-") count -= 1;
      // Two of a kind cancel each other but for the type they ask for.
      for (let left = count % 2 === 0 ? Math.min(count, 2) : 1; left > 0; left -= 1) {
        operand = call(`${sign}_`, [operand], at);
      }
      return operand;
    }
    return this.#member(false);
  }

  #member(isNegative: boolean): Syntax {
    let left = this.#primary(isNegative);
    for (;;) {
      const { at } = this.#token;
      if (this.#take(".")) {
        const name = this.#name();
        left = this.#take("(")
          ? { kind: "call", name, target: left, args: this.#listUntil(")", false), at }
          : { kind: "select", of: left, field: name, at };
      } else if (this.#take("[")) {
        const index = this.expression();
        this.#expect("]");
        left = call("_[_]", [left, index], at);
      } else return left;
    }
  }

  #name(): string {
    const { kind, text } = this.#token;
    if (kind !== "name") throw this.#unexpected();
    this.#next += 1;
    return text;
  }

  #primary(isNegative: boolean): Syntax {
    const token = this.#token;
    const { kind, text, at } = token;
    switch (kind) {
      case "int":
      case "uint":
      case "double":
      case "string":
      case "bytes":
        this.#next += 1;
        return { kind: "literal", value: literalOf(token, isNegative), at };
      case "name":
        return this.#named(text, at);
      case "end":
        throw this.#unexpected();
      case "sign":
        return this.#bracketed(at);
    }
  }

  #named(name: string, at: number): Syntax {
    this.#next += 1;
    if (name === "true" || name === "false") return { kind: "literal", value: name === "true", at };
    if (name === "null") return { kind: "literal", value: null, at };
    if (RESERVED.has(name)) throw new CelSyntaxError(`${name} is a word of the language`, at);
    if (this.#take("("))
      return { kind: "call", name, target: undefined, args: this.#listUntil(")", false), at };
    if (this.#token.text === "{" && this.#token.kind === "sign") {
      throw new CelSyntaxError("messages of protocol buffers do not exist here", this.#token.at);
    }
    return { kind: "name", name, at };
  }

  #bracketed(at: number): Syntax {
    if (this.#take("(")) {
      const inner = this.expression();
      this.#expect(")");
      return inner;
    }
    if (this.#take("[")) return { kind: "list", items: this.#listUntil("]", true), at };
    if (this.#take("{")) {
      const entries: (readonly [Syntax, Syntax])[] = [];
      while (!this.#take("}")) {
        const key = this.expression();
        this.#expect(":");
        entries.push([key, this.expression()]);
        if (this.#take(",")) continue;
        if (!this.#take("}")) throw this.#unexpected(", or }");
        break;
      }
      return { kind: "map", entries, at };
    }
    // A leading dot names what is at the root; there is nothing else here.
    if (this.#take(".")) return this.#named(this.#nameAhead(), this.#token.at);
    throw this.#unexpected();
  }

  #nameAhead(): string {
    if (this.#token.kind !== "name") throw this.#unexpected();
    return this.#token.text;
  }

  /** @param mayTrail Whether a comma may stand before the end. */
  #listUntil(close: string, mayTrail: boolean): readonly Syntax[] {
    const items: Syntax[] = [];
    if (this.#take(close)) return items;
    for (;;) {
      items.push(this.expression());
      if (this.#take(close)) return items;
      if (!this.#take(",")) throw this.#unexpected(`, or ${close}`);
      if (mayTrail && this.#take(close)) return items;
    }
  }
}

function call(name: string, args: readonly Syntax[], at: number): Syntax {
  return { kind: "call", name, target: undefined, args, at };
}
