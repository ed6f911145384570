import { type Piece, scan, type Token } from "./scan.ts";

export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "print"; readonly pipe: Pipe; readonly line: number }
  | {
      readonly kind: "if" | "with" | "range";
      readonly pipe: Pipe;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
      readonly line: number;
    };

/** `$a, $b := first | second`. `names` is empty where nothing is declared. */
export type Pipe = {
  readonly names: readonly string[];
  /** `=`: the variable exists already. */
  readonly isAssignment: boolean;
  readonly commands: readonly Command[];
};

/** A function or method with its arguments, or one operand alone. */
export type Command = readonly Operand[];

export type Operand =
  | { readonly kind: "constant"; readonly value: string | bigint | boolean | null }
  | { readonly kind: "path"; readonly start: string; readonly keys: readonly string[] }
  | { readonly kind: "function"; readonly name: string }
  | { readonly kind: "pipe"; readonly pipe: Pipe; readonly keys: readonly string[] };

export type ParsedTemplate = {
  readonly body: readonly Node[];
  /** What `define` named, by name. */
  readonly defined: ReadonlyMap<string, readonly Node[]>;
};

/** @throws {Error} with file and line, for a directive it does not know. */
export function parseTemplate(source: string, name: string): ParsedTemplate {
  const parser = new Parser(scan(source, name), name);
  const body = parser.body("file");
  return { body, defined: parser.defined };
}

/** Of Go, and of no use to the chart. */
const UNKNOWN_DIRECTIVES: readonly string[] = ["block", "template", "break", "continue"];

type Inside = "file" | "define" | "if" | "with" | "range" | "else";

class Parser {
  readonly defined = new Map<string, readonly Node[]>();
  readonly #pieces: readonly Piece[];
  readonly #name: string;
  #at = 0;
  /** How the last body ended, and with which tokens behind `else`. */
  #ending: {
    readonly word: "end" | "else";
    readonly rest: readonly Token[];
    readonly line: number;
  } = { word: "end", rest: [], line: 0 };

  constructor(pieces: readonly Piece[], name: string) {
    this.#pieces = pieces;
    this.#name = name;
  }

  body(inside: Inside): Node[] {
    const nodes: Node[] = [];
    for (;;) {
      const piece = this.#pieces[this.#at];
      this.#at += 1;
      if (piece === undefined) {
        if (inside === "file") return nodes;
        throw new Error(`${this.#name}: ${inside} without end`);
      }
      if (piece.kind === "text") {
        nodes.push(piece);
        continue;
      }
      const { tokens, line } = piece;
      const [first, ...rest] = tokens;
      const word = first?.kind === "word" ? first.text : undefined;
      if (word === "end" || word === "else") {
        const isBlock = inside === "if" || inside === "with" || inside === "range";
        if (inside === "file" || (word === "else" && !isBlock)) {
          throw new Error(`${this.#name}:${line}: ${word} of nothing`);
        }
        this.#ending = { word, rest, line };
        return nodes;
      }
      if (word === "define") this.#define(rest, inside, line);
      else if (word === "if" || word === "with" || word === "range") {
        nodes.push(this.#block(word, rest, line));
      } else if (word !== undefined && UNKNOWN_DIRECTIVES.includes(word)) {
        throw new Error(`${this.#name}:${line}: directive ${word} is not known here`);
      } else nodes.push({ kind: "print", pipe: this.#pipe(tokens, line), line });
    }
  }

  #define(rest: readonly Token[], inside: Inside, line: number): void {
    const [named] = rest;
    if (inside !== "file" || named?.kind !== "text" || rest.length > 1) {
      throw new Error(`${this.#name}:${line}: define needs a name, outside of every block`);
    }
    this.defined.set(named.text, this.body("define"));
  }

  #block(kind: "if" | "with" | "range", head: readonly Token[], line: number): Node {
    const pipe = this.#pipe(head, line);
    const body = this.body(kind);
    if (this.#ending.word === "end") return { kind, pipe, body, otherwise: [], line };
    const { rest, line: elseLine } = this.#ending;
    if (rest.length === 0) {
      return { kind, pipe, body, otherwise: this.body("else"), line };
    }
    const [first, ...condition] = rest;
    if (kind !== "if" || first?.kind !== "word" || first.text !== "if") {
      throw new Error(`${this.#name}:${elseLine}: after else comes nothing or, in an if, if`);
    }
    return { kind, pipe, body, otherwise: [this.#block("if", condition, elseLine)], line };
  }

  #pipe(tokens: readonly Token[], line: number): Pipe {
    const reader = new PipeReader(tokens, `${this.#name}:${line}`);
    const pipe = reader.pipe();
    reader.mustEnd();
    return pipe;
  }
}

class PipeReader {
  readonly #tokens: readonly Token[];
  readonly #place: string;
  #at = 0;

  constructor(tokens: readonly Token[], place: string) {
    this.#tokens = tokens;
    this.#place = place;
  }

  mustEnd(): void {
    if (this.#at < this.#tokens.length) throw new Error(`${this.#place}: more than one pipeline`);
  }

  pipe(): Pipe {
    const { names, isAssignment } = this.#declaration();
    const commands: Operand[][] = [[]];
    for (; this.#at < this.#tokens.length; ) {
      const token = this.#tokens[this.#at];
      if (token?.kind === "mark" && token.text === ")") break;
      this.#at += 1;
      if (token === undefined) break;
      if (token.kind === "mark" && token.text === "|") commands.push([]);
      else commands.at(-1)?.push(this.#operand(token));
    }
    if (commands.some((command) => command.length === 0)) {
      throw new Error(`${this.#place}: a pipeline with an empty part`);
    }
    return { names, isAssignment, commands };
  }

  #declaration(): Pick<Pipe, "names" | "isAssignment"> {
    const names: string[] = [];
    for (let at = this.#at; ; at += 2) {
      const variable = this.#tokens[at];
      const mark = this.#tokens[at + 1];
      if (variable?.kind !== "path" || !/^\$\w/.test(variable.start) || variable.keys.length > 0)
        break;
      if (mark?.kind !== "mark") break;
      names.push(variable.start);
      if (mark.text === ",") continue;
      if (mark.text !== ":=" && mark.text !== "=") break;
      this.#at = at + 2;
      return { names, isAssignment: mark.text === "=" };
    }
    return { names: [], isAssignment: false };
  }

  #operand(token: Token): Operand {
    switch (token.kind) {
      case "text":
        return { kind: "constant", value: token.text };
      case "number":
        return { kind: "constant", value: token.value };
      case "path":
        return token;
      case "word":
        if (token.text === "true" || token.text === "false") {
          return { kind: "constant", value: token.text === "true" };
        }
        return token.text === "nil"
          ? { kind: "constant", value: null }
          : { kind: "function", name: token.text };
      case "mark": {
        if (token.text !== "(") throw new Error(`${this.#place}: ${token.text} is out of place`);
        const pipe = this.pipe();
        const close = this.#tokens[this.#at];
        if (close?.kind !== "mark" || close.text !== ")")
          throw new Error(`${this.#place}: ( without )`);
        this.#at += 1;
        const behind = this.#tokens[this.#at];
        if (behind?.kind !== "keys") return { kind: "pipe", pipe, keys: [] };
        this.#at += 1;
        return { kind: "pipe", pipe, keys: behind.keys };
      }
      case "keys":
        throw new Error(`${this.#place}: .${token.keys.join(".")} is out of place`);
    }
  }
}
