import { Composer, type Document, Lexer, LineCounter, Parser, type YAMLError } from "yaml";
import type { Place } from "./place.ts";
import type { ConfigProblem } from "./problem.ts";
import { yamlSentence } from "./yaml-errors.ts";
import { plainFrom } from "./yaml-plain.ts";

/** Largest file. A hundred thousand targets with labels are 5 MiB; YAML takes ten times its text in memory. */
export const MAX_FILE_BYTES = 16 * 2 ** 20;

/**
 * Deepest nesting in levels of the parser's stack, of which a mapping in a mapping takes two. It is
 * held before the library composes nodes: that recurses, and an exhausted stack there can end the process.
 */
const MAX_STACK = 100;

export type LineColumn = (offset: number) => { readonly line: number; readonly column: number };

export type Yaml =
  | {
      readonly kind: "read";
      /** Plain objects, lists and scalars; `null` for an empty file. Without `__proto__` keys. */
      readonly value: unknown;
      readonly place: Place;
      readonly lineColumn: LineColumn;
      /** Duplicate keys, aliases without anchor: what is wrong with parts, the rest having been read. */
      readonly problems: readonly ConfigProblem[];
    }
  /** The text as a whole could not be read. */
  | { readonly kind: "failed"; readonly problems: readonly ConfigProblem[] };

/** Reads a YAML 1.2 text (core schema, merge keys). Never throws, whatever the text. */
export function readYaml(text: string): Yaml {
  const lines = new LineCounter();
  lines.addNewLine(0);
  const lineColumn: LineColumn = (offset) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const fail = (offset: number, message: string): Yaml => ({
    kind: "failed",
    problems: [{ ...lineColumn(offset), path: "", message }],
  });

  if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
    return fail(
      0,
      `the file is larger than ${MAX_FILE_BYTES / 2 ** 20} MiB: split its targets over several agents`,
    );
  }
  const source = text.startsWith("\ufeff") ? text.slice(1) : text;
  // Tab, line feed and carriage return are the control characters YAML 1.2.2 section 5.1 allows.
  const control = source.search(/(?![\t\n\r\u0085])\p{Cc}/u);
  const tokens = tokensOf(source, lines);
  if (control >= 0) {
    const code = source.charCodeAt(control).toString(16).toUpperCase().padStart(4, "0");
    return fail(
      control,
      `the control character U+${code} is not allowed in YAML: remove it, or write it as an escape in double quotes`,
    );
  }
  if (tokens.kind === "too_deep") {
    return fail(
      tokens.offset,
      `nested deeper than ${MAX_STACK / 2} levels: check brackets and indentation of this line and those above`,
    );
  }
  const [document, second] = compose(tokens.tokens, source.length);
  if (document === undefined) return fail(0, "the file is empty");
  const errors = [...document.errors];
  if (second !== undefined) {
    const at = second.range?.[0] ?? 0;
    return fail(at, 'the file holds several documents: keep one and remove the "---" between them');
  }
  if (errors.length > 0) {
    return { kind: "failed", problems: onePerLine(errors, lineColumn) };
  }
  return { kind: "read", lineColumn, ...plainFrom(document, lineColumn) };
}

type Token = ReturnType<Parser["parse"]> extends Generator<infer T, void> ? T : never;

function tokensOf(
  source: string,
  lines: LineCounter,
):
  | { readonly kind: "tokens"; readonly tokens: Token[] }
  | { readonly kind: "too_deep"; readonly offset: number } {
  const parser = new Parser(lines.addNewLine);
  const tokens: Token[] = [];
  for (const lexeme of new Lexer().lex(source)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > MAX_STACK) return { kind: "too_deep", offset: parser.offset };
  }
  for (const token of parser.end()) tokens.push(token);
  return { kind: "tokens", tokens };
}

/** At most the first two documents. */
function compose(tokens: readonly Token[], endOffset: number): Document.Parsed[] {
  const composer = new Composer({
    // An explicit schema holds against a `%YAML 1.1` line, under which `no` would be a boolean.
    schema: "core",
    merge: false,
    resolveKnownTags: false,
    // Checked while the tree is made plain, with both lines known and in linear time.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: "silent",
  });
  const documents: Document.Parsed[] = [];
  for (const document of composer.compose(tokens, true, endOffset)) {
    documents.push(document);
    if (documents.length === 2) break;
  }
  return documents;
}

/** One slip makes the library complain several times in a line; the first time is the helpful one. */
function onePerLine(errors: readonly YAMLError[], lineColumn: LineColumn): ConfigProblem[] {
  const byLine = new Map<number, ConfigProblem>();
  for (const error of errors) {
    const at = lineColumn(error.pos[0]);
    if (!byLine.has(at.line))
      byLine.set(at.line, { ...at, path: "", message: yamlSentence(error) });
  }
  return [...byLine.values()];
}
