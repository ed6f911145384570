/** What a template is made of before it has a structure. `line` counts from 1. */
export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly tokens: readonly Token[]; readonly line: number };

export type Token =
  | { readonly kind: "word"; readonly text: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "number"; readonly value: bigint }
  /** `.a.b`, `$`, `$x.y`: where it starts (empty: the dot), then the keys. `isSpaced`: white space came before. */
  | { readonly kind: "path"; readonly start: string; readonly keys: readonly string[] }
  /** Keys of what a parenthesis before it gave: `(…).groups`. */
  | { readonly kind: "keys"; readonly keys: readonly string[] }
  | { readonly kind: "mark"; readonly text: "(" | ")" | "|" | ":=" | "=" | "," };

const ACTION = /\{\{(- )?([\s\S]*?)( -)?\}\}/g;

/**
 * Splits a Go template into its text and its actions, and trims the text as `{{-` and `-}}` say.
 *
 * Knows no custom delimiters, and no action that holds `}}` in a text.
 *
 * @throws {Error} with file and line, for what it does not know.
 * @see https://pkg.go.dev/text/template, "Text and spaces" and "Actions".
 */
export function scan(source: string, name: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let isTrimming = false;
  const text = (until: number, isTrimmedBehind: boolean): void => {
    let found = source.slice(at, until);
    if (isTrimming) found = found.replace(/^[ \t\r\n]+/, "");
    if (isTrimmedBehind) found = found.replace(/[ \t\r\n]+$/, "");
    if (found !== "") pieces.push({ kind: "text", text: found });
  };
  for (const match of source.matchAll(ACTION)) {
    // `{{-}}` and `{{-3}}` are no trims in Go, and nothing of ours.
    const line = lineOf(source, match.index);
    const [whole, before, body = "", behind] = match;
    if (body.includes("{{")) throw new Error(`${name}:${line}: an action that is never closed`);
    text(match.index, before !== undefined);
    const inside = body.trim();
    const isComment = inside.startsWith("/*");
    if (isComment && !inside.endsWith("*/")) {
      throw new Error(`${name}:${line}: a comment ends with */ and nothing else`);
    }
    if (!isComment)
      pieces.push({ kind: "action", tokens: tokensOf(inside, `${name}:${line}`), line });
    isTrimming = behind !== undefined;
    at = match.index + whole.length;
  }
  const rest = source.slice(at);
  if (rest.includes("{{")) {
    const line = lineOf(source, at + rest.indexOf("{{"));
    throw new Error(`${name}:${line}: an action that is never closed`);
  }
  text(source.length, false);
  return pieces;
}

function lineOf(source: string, at: number): number {
  return source.slice(0, at).split("\n").length;
}

const TOKEN =
  /(\s+)|("(?:[^"\\\n]|\\.)*")|(`[^`]*`)|(-?\d+)(?![\w.])|(\$\w*(?:\.[A-Za-z_]\w*)*)|((?:\.[A-Za-z_]\w*)+|\.(?![\w.]))|([A-Za-z_]\w*)|(:=|[()|=,])/y;

function tokensOf(body: string, place: string): Token[] {
  const tokens: Token[] = [];
  let isTight = false;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < body.length) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(body);
    if (match === null) throw new Error(`${place}: not understood: ${body.slice(from, from + 20)}`);
    const [, space, quoted, raw, number, variable, path, word, mark] = match;
    if (space === undefined) {
      if (quoted !== undefined) tokens.push({ kind: "text", text: unquoted(quoted, place) });
      else if (raw !== undefined) tokens.push({ kind: "text", text: raw.slice(1, -1) });
      else if (number !== undefined) tokens.push({ kind: "number", value: BigInt(number) });
      else if (variable !== undefined) {
        const [start = "$", ...keys] = variable.split(".");
        tokens.push({ kind: "path", start, keys });
      } else if (path !== undefined) {
        const keys = path
          .split(".")
          .slice(1)
          .filter((key) => key !== "");
        const isOfParenthesis = isTight && tokens.at(-1)?.kind === "mark";
        tokens.push(isOfParenthesis ? { kind: "keys", keys } : { kind: "path", start: "", keys });
      } else if (word !== undefined) tokens.push({ kind: "word", text: word });
      else if (isMark(mark)) tokens.push({ kind: "mark", text: mark });
    }
    isTight = mark === ")";
  }
  return tokens;
}

function isMark(text: string | undefined): text is Extract<Token, { kind: "mark" }>["text"] {
  return text !== undefined && ["(", ")", "|", ":=", "=", ","].includes(text);
}

function unquoted(text: string, place: string): string {
  if (/\\[^nt"\\]/.test(text)) throw new Error(`${place}: escape not known in ${text}`);
  return JSON.parse(text.replaceAll("\t", "\\t")) as string;
}
