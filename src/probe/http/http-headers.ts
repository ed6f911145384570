import * as z from "zod";
import { secret } from "../../runtime/secrets.ts";
import { type Failed, failed } from "../failure.ts";
import type { FileCache } from "../file-cache.ts";
import { filePath } from "../file-path.ts";
import { headerProblem, isHeaderValue } from "./request-headers.ts";

const MAX_HEADERS = 100;
const MAX_LINES = 100;
const MAX_FILE_BYTES = 16 * 1024;

/** What to write in place of a header that the Prometheus family's HTTP client keeps for itself. */
const RESERVED: ReadonlyMap<string, string> = new Map([
  ["authorization", "write basic_auth, authorization or oauth2"],
  ["proxy-authorization", "write proxy_connect_header"],
  ["proxy-authenticate", "servers send it, not clients"],
  ["www-authenticate", "servers send it, not clients"],
  ["connection", "each probe has a connection of its own"],
  ["keep-alive", "each probe has a connection of its own"],
  ["content-length", "it is sent by itself"],
  ...[
    "host",
    "content-encoding",
    "content-type",
    "user-agent",
    "accept-encoding",
    "x-prometheus-remote-write-version",
    "x-prometheus-remote-read-version",
    "x-prometheus-scrape-timeout-seconds",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-content-sha256",
  ].map((name) => [name, "write it under headers"] as const),
]);

/** Numbers and booleans are taken as the text they were written as. */
const line = z
  .union([z.string(), z.number(), z.boolean()], { error: "expected the header's value" })
  .transform(String);

const headerLines = z.strictObject({
  values: z.array(line).max(MAX_LINES).default([]),
  secrets: z.array(secret).max(MAX_LINES).default([]),
  /** Read at each probe, without the white space around what they hold. */
  files: z.array(filePath).max(MAX_LINES).default([]),
});

/** The `http_headers:` mapping of the Prometheus family's HTTP client. Its lines come after those of `headers`. */
export const httpHeaders = z.record(z.string(), headerLines).superRefine((headers, context) => {
  const problem = (path: readonly PropertyKey[], message: string): void => {
    context.addIssue({ code: "custom", path: [...path], message });
  };
  const names = Object.keys(headers);
  if (names.length > MAX_HEADERS) {
    problem([], `has ${names.length} headers, at most ${MAX_HEADERS} are allowed`);
  }
  for (const [name, { values, secrets }] of Object.entries(headers)) {
    const remedy = RESERVED.get(name.toLowerCase());
    if (remedy !== undefined) {
      problem([name], `header ${name} cannot be set by http_headers: ${remedy}`);
      continue;
    }
    for (const [key, lines] of [
      ["values", values],
      ["secrets", secrets],
    ] as const) {
      for (const [at, text] of lines.entries()) {
        const why = headerProblem(name, text);
        if (why !== undefined) problem([name, key, at], why);
      }
    }
    if (values.length + secrets.length === 0) {
      const why = headerProblem(name, "");
      if (why !== undefined) problem([name], why);
    }
  }
});
export type HttpHeaders = z.output<typeof httpHeaders>;

export type HeaderLines =
  | {
      readonly kind: "lines";
      readonly lines: readonly (readonly [name: string, value: string])[];
      /** Lower-case names of headers with a secret in them. */
      readonly secretNames: readonly string[];
    }
  | Failed;

/** The lines that `http_headers` adds to a request, of each header values first, then secrets, then files. */
export async function headerLinesOf(headers: HttpHeaders, files: FileCache): Promise<HeaderLines> {
  const lines: (readonly [string, string])[] = [];
  const secretNames: string[] = [];
  for (const [name, header] of Object.entries(headers)) {
    for (const value of [...header.values, ...header.secrets]) lines.push([name, value]);
    for (const file of header.files) {
      const read = await files.readSecret(file, MAX_FILE_BYTES);
      if (read.kind === "failed") return failed("credentials_file", `${name}: ${read.detail}`);
      if (!isHeaderValue(read.text)) {
        const why = "holds a line break or a character that no header can carry";
        return failed("credentials_file", `${name}: ${file} ${why}`);
      }
      lines.push([name, read.text]);
    }
    if (header.secrets.length + header.files.length > 0) secretNames.push(name.toLowerCase());
  }
  return { kind: "lines", lines, secretNames };
}
