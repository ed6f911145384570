import { isIP } from "node:net";
import { quote } from "../../runtime/found.ts";
import { withoutPassword } from "../../runtime/secrets.ts";
import { readUrl, type WebUrl } from "../../target/web-url.ts";
import { type Failed, failed } from "../failure.ts";
import type { FileCache } from "../file-cache.ts";
import { headerLinesOf } from "./http-headers.ts";
import { type HttpOptions, MAX_REQUEST_BODY_BYTES } from "./http-options.ts";
import type { Step } from "./redirects.ts";
import { headerProblem } from "./request-headers.ts";

const MAX_TARGET_CHARACTERS = 16 * 1024;
const MAX_PORT = 65_535;
const WEB_START = /^https?:\/\//i;

/** Headers that are sent by other means, or that say what is true anyway. */
const NOT_COPIED: ReadonlySet<string> = new Set(["host", "connection", "content-length"]);

/**
 * The URL of a target, as it is written: one that begins with neither http:// nor https:// gets http://. A host that
 * nobody has and a port that cannot be are no matter of reading, as in blackbox_exporter: the probe fails of them later.
 */
export function targetUrl(target: string): { readonly kind: "url"; readonly url: WebUrl } | Failed {
  if (target.length > MAX_TARGET_CHARACTERS) {
    return failed("bad_target", `the target has ${target.length} characters`);
  }
  // Groups share their targets with icmp, which takes an address without brackets.
  const place = isIP(target) === 6 ? `[${target.replace("%", "%25")}]` : target;
  const read = readUrl(WEB_START.test(target) ? target : `http://${place}`);
  if (read.kind === "url") return read;
  const example = "write for example http://example.net/";
  return failed(
    "bad_target",
    `${quote(withoutPassword(target))} is no URL, ${read.problem}: ${example}`,
  );
}

/** A name that was not found may be that of another protocol: `ftp://a.example` is read as a host `ftp`. */
export function withSchemeHint(failure: Failed, target: string): Failed {
  const [start] = /^[a-z][a-z0-9+.-]*:\/\//i.exec(target) ?? [];
  if (start === undefined || WEB_START.test(target) || !failure.reason.startsWith("dns_")) {
    return failure;
  }
  const hint = `${quote(start)} is not HTTP: write http:// or https://`;
  return { ...failure, detail: `${failure.detail} (${hint})` };
}

/** Why a port cannot be connected to; undefined when it can. */
export function portFailure(port: number): Failed | undefined {
  if (port >= 1 && port <= MAX_PORT) return undefined;
  return failed(
    "bad_target",
    `port ${port} cannot be connected to: write one from 1 to ${MAX_PORT}`,
  );
}

/** The host to resolve and connect to: a name, or an address without brackets. */
export function hostOfUrl(url: WebUrl): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

export function portOfUrl(url: WebUrl): number {
  if (url.port !== "") return Number(url.port);
  return url.protocol === "https:" ? 443 : 80;
}

/** A host header's name without its port, as it goes into SNI. */
export function hostWithoutPort(host: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(host)?.[1];
  return bracketed ?? (isIP(host) === 0 ? host.replace(/:\d*$/, "") : host);
}

/** Whether making the first request may take longer than a moment. */
export function readsFiles({ body_file: file, http_headers: headers }: HttpOptions): boolean {
  return file !== undefined || Object.keys(headers).length > 0;
}

export type FirstStep = { readonly kind: "step"; readonly step: Step } | Failed;

/**
 * The first request of a probe: the module's method, body and headers.
 *
 * @param hostname Takes the place of the module's Host header (`/probe?hostname=`).
 */
export async function firstStep(
  url: WebUrl,
  options: HttpOptions,
  tools: {
    readonly files: FileCache;
    readonly userAgent: string;
    readonly hostname: string | undefined;
  },
): Promise<FirstStep> {
  const hostname = tools.hostname === "" ? undefined : tools.hostname;
  const problem = hostname === undefined ? undefined : headerProblem("Host", hostname);
  if (problem !== undefined) return failed("bad_target", `hostname: ${problem}`);
  const body = await bodyOf(options, tools.files);
  if (body.kind === "failed") return body;
  const headers: (readonly [string, string])[] = [];
  let host: string | undefined;
  let hasAgent = false;
  for (const [name, value] of Object.entries(options.headers)) {
    const lowerName = name.toLowerCase();
    if (lowerName === "host" && value !== "") host = value;
    if (lowerName === "user-agent") hasAgent = true;
    if (!NOT_COPIED.has(lowerName)) headers.push([name, value]);
  }
  if (!hasAgent) headers.unshift(["User-Agent", tools.userAgent]);
  const added = await headerLinesOf(options.http_headers, tools.files);
  if (added.kind === "failed") return added;
  headers.push(...added.lines);
  const step: Step = {
    url,
    method: options.method,
    body: body.bytes,
    host: hostname ?? host,
    headers,
    secretNames: added.secretNames,
    isTrusted: true,
    isAtFirstPlace: true,
    referer: undefined,
  };
  return { kind: "step", step };
}

async function bodyOf(
  options: HttpOptions,
  files: FileCache,
): Promise<{ readonly kind: "body"; readonly bytes: Buffer | undefined } | Failed> {
  if (options.body_file === undefined) {
    const bytes = options.body === undefined ? undefined : Buffer.from(options.body);
    return { kind: "body", bytes };
  }
  const read = await files.read(options.body_file, MAX_REQUEST_BODY_BYTES);
  if (read.kind === "failed") return failed("body_file", `body_file: ${read.detail}`);
  return { kind: "body", bytes: read.bytes };
}
