import { quote } from "../../runtime/found.ts";
import type { ResponseHead } from "../exchange.ts";

/** An answer that is no HTTP/1. Its message ends a sentence that begins with "the answer is not valid HTTP". */
export class AnswerError extends Error {
  override readonly name = "AnswerError";
}

/** How the end of a body is known. */
export type BodyFraming =
  | { readonly kind: "none" }
  | { readonly kind: "counted"; readonly bytes: string }
  | { readonly kind: "chunked" }
  | { readonly kind: "until_close" };

export type StatusLine = {
  readonly statusCode: number;
  readonly httpVersion: number;
};

const MAX_HEADER_LINES = 2_000;
const SWITCHING_PROTOCOLS = 101;
/** The largest length that Go takes: 2^63 - 1, here as the nearest double. */
const MAX_LENGTH_BYTES = 2 ** 63;

const STATUS_LINE = /^HTTP\/(\d\.\d) +(\d{3})(?: .*)?$/s;
/** RFC 9110 section 5.1, and the space that Go lets through; a name with one is never asked for. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z -]*$/;
/** RFC 9110 section 5.5. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** @throws AnswerError */
export function parseStatusLine(line: string): StatusLine {
  const found = STATUS_LINE.exec(line);
  if (found === null) throw new AnswerError(`${quote(line)} is no status line`);
  return { httpVersion: Number(found[1]), statusCode: Number(found[2]) };
}

/** Whether an answer announces another one and is none itself. @see RFC 9110 section 15.2 */
export function isInterim({ statusCode }: StatusLine): boolean {
  return statusCode >= 100 && statusCode < 200 && statusCode !== SWITCHING_PROTOCOLS;
}

/**
 * The head of an answer, read as leniently as Go's net/http reads it and no more so: line ends without CR, folded lines,
 * the same length twice, a length beside chunks, a space in a name. What might smuggle is refused, as there: lengths that
 * differ, any coding but `chunked`.
 *
 * The headers are those that Go shows: without what frames the message and what concerns the connection alone.
 *
 * @param lines Behind the status line, without their ends and without the empty one; a byte a character.
 * @param method Of the request.
 * @throws AnswerError
 */
export function readHead(
  status: StatusLine,
  lines: readonly string[],
  method: string,
): { readonly head: ResponseHead; readonly framing: BodyFraming } {
  const headers = readHeaders(lines);
  const { statusCode, httpVersion } = status;
  const isChunked = takeTransferCoding(headers, httpVersion);
  const length = takeLength(headers, isChunked);
  forgetConnection(headers, httpVersion);
  if (!headers.has("cache-control") && headers.get("pragma")?.[0] === "no-cache") {
    headers.set("cache-control", ["no-cache"]);
  }
  if (statusCode === SWITCHING_PROTOCOLS && isUpgrade(headers)) {
    return head(status, headers, 0, { kind: "until_close" });
  }
  if (method === "HEAD") return head(status, headers, announced(length), { kind: "none" });
  if (hasNoBody(statusCode)) return head(status, headers, 0, { kind: "none" });
  if (isChunked) return head(status, headers, -1, { kind: "chunked" });
  if (length === undefined) return head(status, headers, -1, { kind: "until_close" });
  return head(status, headers, announced(length), { kind: "counted", bytes: length });
}

/** @see RFC 9112 section 6.3 */
function hasNoBody(statusCode: number): boolean {
  return (statusCode >= 100 && statusCode < 200) || statusCode === 204 || statusCode === 304;
}

function head(
  { statusCode, httpVersion }: StatusLine,
  headers: ResponseHead["headers"],
  contentLengthBytes: number,
  framing: BodyFraming,
): { readonly head: ResponseHead; readonly framing: BodyFraming } {
  return { head: { statusCode, httpVersion, contentLengthBytes, headers }, framing };
}

type Headers = Map<string, string[]>;

function readHeaders(lines: readonly string[]): Headers {
  if (lines.length > MAX_HEADER_LINES) {
    throw new AnswerError(`its head has more than ${MAX_HEADER_LINES} lines`);
  }
  const headers: Headers = new Map();
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    at += 1;
    const colonAt = line.indexOf(":");
    if (colonAt < 0 || isContinuation(line)) {
      throw new AnswerError(`${quote(line)} is no header`);
    }
    const name = line.slice(0, colonAt);
    let value = trimmed(line.slice(colonAt + 1));
    // A folded line goes on in the next. @see RFC 9112 section 5.2
    for (let next = lines[at]; next !== undefined && isContinuation(next); next = lines[at]) {
      value += ` ${trimmed(next)}`;
      at += 1;
    }
    if (!NAME.test(name) || !VALUE.test(value))
      throw new AnswerError(`${quote(line)} is no header`);
    if (name === "") continue;
    const lowerName = name.toLowerCase();
    const values = headers.get(lowerName);
    if (values === undefined) headers.set(lowerName, [value]);
    else values.push(value);
  }
  return headers;
}

function isContinuation(line: string): boolean {
  const first = line.charCodeAt(0);
  return first === 0x20 || first === 0x09;
}

/** By hand: a pattern that looks for blanks at the end takes quadratic time over many that are not there. */
function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** @returns whether the body comes in chunks. Until HTTP/1.1 there were none. */
function takeTransferCoding(headers: Headers, httpVersion: number): boolean {
  const codings = headers.get("transfer-encoding");
  headers.delete("transfer-encoding");
  if (codings === undefined || httpVersion < 1.1) return false;
  const [coding = "", another] = codings;
  if (another !== undefined || coding.toLowerCase() !== "chunked") {
    throw new AnswerError(`transfer coding ${quote(codings.join(", "))} is not chunked`);
  }
  headers.delete("trailer");
  return true;
}

/** The one length announced; with chunks it is not to be believed (RFC 9112 section 6.3). */
function takeLength(headers: Headers, isChunked: boolean): string | undefined {
  const lengths = headers.get("content-length");
  if (lengths === undefined) return undefined;
  if (isChunked) {
    headers.delete("content-length");
    return undefined;
  }
  // What folding left at its end is no part of a length.
  const first = trimmed(lengths[0] ?? "");
  if (lengths.some((length) => trimmed(length) !== first)) {
    throw new AnswerError(`it announces several lengths: ${quote(lengths.join(", "))}`);
  }
  headers.set("content-length", [first]);
  return first;
}

function announced(length: string | undefined): number {
  if (length === undefined) return -1;
  const bytes = /^\d+$/.test(length) ? Number(length) : Number.NaN;
  if (bytes < MAX_LENGTH_BYTES) return bytes;
  throw new AnswerError(`${quote(length)} is no Content-Length`);
}

/** As Go: that the connection ends after this answer is not told as a header of it. */
function forgetConnection(headers: Headers, httpVersion: number): void {
  const values = headers.get("connection");
  if (values !== undefined && httpVersion >= 1.1 && hasToken(values, "close")) {
    headers.delete("connection");
  }
}

function isUpgrade(headers: Headers): boolean {
  return headers.has("upgrade") && hasToken(headers.get("connection") ?? [], "upgrade");
}

function hasToken(values: readonly string[], token: string): boolean {
  return values.some((value) =>
    value.split(",").some((part) => trimmed(part).toLowerCase() === token),
  );
}
