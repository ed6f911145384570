import * as z from "zod";
import { quote } from "../../runtime/found.ts";

const MAX_HEADERS = 100;
const MAX_VALUE_CHARACTERS = 16 * 1024;

/** RFC 9110 section 5.6.2; also what a method must be (section 9.1). */
export const HTTP_TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 section 5.5, with obs-text; headers leave as ISO 8859-1. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** RFC 3986 authority without userinfo: a name or address with an optional port. */
const MAX_HOST_CHARACTERS = 253 + ":65535".length;
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#@[\]:,]+)(?::\d{1,5})?$/;

/** Why a header that belongs to the connection cannot be set. */
const CONNECTION_HEADERS: ReadonlyMap<string, string> = new Map([
  ["transfer-encoding", "the body is sent whole with its length: remove this header"],
  ["connection", "each probe has a connection of its own: remove this header (close is sent)"],
  ["keep-alive", "each probe has a connection of its own: remove this header"],
  ["proxy-connection", "each probe has a connection of its own: remove this header"],
  ["upgrade", "the prober speaks HTTP alone: remove this header"],
  ["http2-settings", "write enable_http2 instead of this header"],
  ["expect", "a body is sent without waiting for 100 Continue: remove this header"],
  ["trailer", "requests have no trailers: remove this header"],
  ["te", "trailers are not looked at: remove this header"],
]);

/** Whether a header can carry the text. */
export function isHeaderValue(text: string): boolean {
  return VALUE.test(text);
}

/** What is wrong with one header, as one sentence; undefined when nothing is. */
export function headerProblem(name: string, value: string): string | undefined {
  if (!HTTP_TOKEN.test(name)) {
    return `${quote(name)} is no header name: write letters, digits and - only`;
  }
  if (!VALUE.test(value)) {
    return `the value of header ${name} holds a line break, a control character or one beyond ISO 8859-1: write it in one line, other characters percent-encoded`;
  }
  if (value.length > MAX_VALUE_CHARACTERS) {
    return `the value of header ${name} is longer than ${MAX_VALUE_CHARACTERS} characters`;
  }
  const lowerName = name.toLowerCase();
  if (lowerName === "connection" && value.trim().toLowerCase() === "close") return undefined;
  if (lowerName === "host" && value !== "") {
    if (!HOST.test(value) || value.length > MAX_HOST_CHARACTERS) {
      return `${quote(value)} is no host: write a name or address, with :port where needed`;
    }
  }
  const why = CONNECTION_HEADERS.get(lowerName);
  return why === undefined ? undefined : `header ${name} cannot be set: ${why}`;
}

/** The `headers:` mapping. Numbers and booleans are taken as the text they were written as. */
export const requestHeaders = z
  .record(
    z.string(),
    z.union([z.string(), z.number(), z.boolean()], { error: "expected the header's value" }),
  )
  .superRefine((headers, context) => {
    const names = Object.keys(headers);
    if (names.length > MAX_HEADERS) {
      context.addIssue({
        code: "custom",
        message: `has ${names.length} headers, at most ${MAX_HEADERS} are allowed`,
      });
    }
    const seen = new Set<string>();
    for (const name of names) {
      const isTwice = seen.has(name.toLowerCase());
      seen.add(name.toLowerCase());
      const problem = isTwice
        ? `header ${name} is there twice (the case of letters makes no difference): keep one`
        : headerProblem(name, String(headers[name]));
      if (problem !== undefined) {
        context.addIssue({ code: "custom", path: [name], message: problem });
      }
    }
  })
  .transform(
    (headers): Readonly<Record<string, string>> =>
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
  );

/** @returns the name as it was written of the header that is `lowerName` in any case. */
export function headerNameOf(
  headers: Readonly<Record<string, string>>,
  lowerName: string,
): string | undefined {
  return Object.keys(headers).find((name) => name.toLowerCase() === lowerName);
}
