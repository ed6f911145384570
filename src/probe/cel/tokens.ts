/** A flaw in the text of an expression, `at` characters from its beginning. */
export class CelSyntaxError extends Error {
  override readonly name = "CelSyntaxError";
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

export type TokenKind = "name" | "int" | "uint" | "double" | "string" | "bytes" | "sign" | "end";

export type Token = {
  readonly kind: TokenKind;
  /** As it is written; for strings and bytes without quotes and prefix. */
  readonly text: string;
  readonly at: number;
  /** For strings and bytes: whether backslashes are themselves. */
  readonly isRaw: boolean;
};

const SPACE = /(?:[ \t\r\n\f]+|\/\/[^\n]*)*/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const DOUBLE = /(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)/y;
const INTEGER = /(0[xX][0-9a-fA-F]+|\d+)([uU]?)/y;
const QUOTE = /([bB][rR]?|[rR][bB]?)?("""|'''|"|')/y;
const SIGN = /(?:==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()[\]{}])/y;

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/**
 * Cuts an expression of CEL into its tokens.
 *
 * @throws CelSyntaxError
 * @see https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
 */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const add = (kind: TokenKind, length: number, shown: string, isRaw = false): void => {
    tokens.push({ kind, text: shown, at, isRaw });
    at += length;
  };
  for (;;) {
    at += match(SPACE, text, at)?.[0].length ?? 0;
    if (at >= text.length) break;
    const quote = match(QUOTE, text, at);
    if (quote !== null) {
      const [begin, prefix = "", mark = ""] = quote;
      const isRaw = /r/i.test(prefix);
      const from = at + begin.length;
      const end = endOfQuoted(text, from, mark, isRaw);
      if (end < 0) throw new CelSyntaxError(`the text that begins with ${mark} does not end`, at);
      const kind = /b/i.test(prefix) ? "bytes" : "string";
      add(kind, end + mark.length - at, text.slice(from, end), isRaw);
      continue;
    }
    const [double] = match(DOUBLE, text, at) ?? [];
    if (double !== undefined) {
      add("double", double.length, double);
      continue;
    }
    const integer = match(INTEGER, text, at);
    if (integer !== null) {
      const [whole, digits = "", suffix] = integer;
      add(suffix === "" ? "int" : "uint", whole.length, digits);
      continue;
    }
    const [name] = match(NAME, text, at) ?? [];
    if (name !== undefined) {
      add("name", name.length, name);
      continue;
    }
    const [sign] = match(SIGN, text, at) ?? [];
    if (sign === undefined) {
      const seen = String.fromCodePoint(text.codePointAt(at) ?? 0);
      throw new CelSyntaxError(`${JSON.stringify(seen)} has no meaning here`, at);
    }
    add("sign", sign.length, sign);
  }
  tokens.push({ kind: "end", text: "", at: text.length, isRaw: false });
  return tokens;
}

/** Where the closing quotes begin; −1 when there are none. */
function endOfQuoted(text: string, from: number, mark: string, isRaw: boolean): number {
  for (let at = from; at < text.length; at += 1) {
    if (text.startsWith(mark, at)) return at;
    if (text[at] === "\\" && !isRaw) at += 1;
    else if (mark.length === 1 && (text[at] === "\n" || text[at] === "\r")) return -1;
  }
  return -1;
}
