import { HIDDEN_SECRET } from "../runtime/secrets.ts";

/** One thing wrong with the file, placed where the operator must look. */
export type ConfigProblem = {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units as editors count. */
  readonly column: number;
  /** The keys that lead there, `groups[0].targets[2]`; empty for the file itself. */
  readonly path: string;
  /** What is wrong, what was expected and what to write instead. Holds no secret. */
  readonly message: string;
};

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Longer lines are not shown: nobody reads them, and looking for secrets in them takes long. */
const MAX_LINE_CHARACTERS = 2_000;

/** Widest part of a source line shown beneath a message. */
const MAX_SHOWN_CHARACTERS = 120;

/** `["groups", 0, "name"]` as `groups[0].name`. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else text += text === "" ? String(key) : `.${String(key)}`;
  }
  return text;
}

/**
 * A problem as compilers print them: `file:line:column: message`, then, when the text of the file is
 * given, its line and a caret beneath. Passwords in that line are hidden.
 */
export function formatProblem(file: string, problem: ConfigProblem, sourceText?: string): string {
  const head = `${file}:${problem.line}:${problem.column}: ${problem.message}`;
  const line = sourceText === undefined ? undefined : lineOf(sourceText, problem.line);
  if (line === undefined || line.trim() === "" || line.length > MAX_LINE_CHARACTERS) {
    return `${head}\n`;
  }
  if (IN_SECRET_MAPPING.test(problem.path) || HAS_SECRET_MAPPING.test(line)) return `${head}\n`;
  const shown = hideSecrets(line, problem.column - 1);
  const from = Math.max(0, shown.at - MAX_SHOWN_CHARACTERS / 2);
  const text = shown.text.slice(from, from + MAX_SHOWN_CHARACTERS);
  // A tab beneath a tab keeps the caret in place however wide the terminal makes them.
  const indent = text.slice(0, shown.at - from).replace(/[^\t]/g, " ");
  return `${head}\n  ${text}\n  ${indent}^\n`;
}

function lineOf(text: string, line: number): string | undefined {
  let start = text.startsWith("\ufeff") ? 1 : 0;
  for (let at = 1; at < line; at += 1) {
    const end = text.indexOf("\n", start);
    if (end < 0) return undefined;
    start = end + 1;
  }
  const end = text.indexOf("\n", start);
  return text.slice(start, end < 0 ? undefined : end).replace(/\r$/, "");
}

/** Mappings whose values are secrets under names of the operator's choice: of their lines none is shown. */
const SECRET_MAPPINGS = "(?:proxy_connect_header|endpoint_params)";
const IN_SECRET_MAPPING = new RegExp(String.raw`(?:^|\.)${SECRET_MAPPINGS}(?:[.[]|$)`);
const HAS_SECRET_MAPPING = new RegExp(String.raw`\b${SECRET_MAPPINGS}["']?\s*:\s*[^\s#]`);

const SECRET_KEYS = String.raw`(?:password|credentials|client_secret|secrets?|(?:proxy-)?authorization|(?:set-)?cookie|[\w-]*token|[\w-]*key|basic_auth)`;

/** `user:password@`, in a URL or before a host. */
const USER_INFO = String.raw`(?<=\/\/|["'\s]|^)[^\s"'/@]+:[^\s"'/@]*@`;

/** In block style all that follows the key; a line of base64 may be a part of a private key. */
const BLOCK_SECRET = new RegExp(
  String.raw`(?<=^\s*(?:-\s+)*["']?${SECRET_KEYS}["']?\s*:\s+)[^\s{].*$|(?<=^\s*)[\w+/=-]{40,}\s*$|${USER_INFO}`,
  "gi",
);

/** In flow style a text in quotes, a list, or what stands before the next comma or brace. */
const FLOW_SECRET = new RegExp(
  String.raw`(?<=[{,\s]["']?${SECRET_KEYS}["']?\s*:\s*)(?:"(?:[^"\\]|\\.)*"?|'[^']*'?|\[[^\]]*\]?|[^\s,}{[\]#][^,}]*)|${USER_INFO}`,
  "gi",
);

function hideSecrets(line: string, at: number): { readonly text: string; readonly at: number } {
  const inBlock = hide(line, at, BLOCK_SECRET);
  return hide(inBlock.text, inBlock.at, FLOW_SECRET);
}

function hide(
  line: string,
  at: number,
  secrets: RegExp,
): { readonly text: string; readonly at: number } {
  let shownAt = at;
  const text = line.replace(secrets, (secret: string, offset: number) => {
    if (secret === HIDDEN_SECRET) return secret;
    const hidden = secret.endsWith("@") ? `${HIDDEN_SECRET}@` : HIDDEN_SECRET;
    if (offset + secret.length <= at) shownAt += hidden.length - secret.length;
    else if (offset < at) shownAt += offset - at;
    return hidden;
  });
  return { text, at: Math.max(0, Math.min(shownAt, text.length)) };
}
