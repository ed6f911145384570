import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { brotliCompressSync, deflateRawSync, gzipSync } from "node:zlib";
import { type Close, closeAll, listenOn } from "./listening.ts";

/** Ports of the plain servers; one for each family. */
export const HTTP_PORT = 8_080;
/** Answers as a proxy would find it: the request target as a whole URL. */
export const OTHER_HTTP_PORT = 8_081;

const TEXT = "hello world\n";
export const LARGE_BYTES = 3_000_000;
const MAX_BODY_BYTES = 1_000_000;
const MAX_FINGERPRINT_SECONDS = 2 ** 31;

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

/** Both programs tell their own name here, and the connection's options are HTTP/1.1's own affair. */
const NOT_COMPARED: ReadonlySet<string> = new Set(["user-agent", "referer"]);

/**
 * A `Last-Modified` that is a hash of the request: method, target, headers and body. Both programs print it as a
 * number, so their requests can be compared through their pages.
 */
function fingerprint(request: Request, body: string): string {
  const headers = Object.entries(request.headers)
    .filter(([name]) => !NOT_COMPARED.has(name))
    .map(([name, value]) => `${name}: ${String(value)}`)
    .sort();
  const text = [request.method, request.url, ...headers, body].join("\n");
  const seconds =
    createHash("sha256").update(text).digest().readUInt32BE(0) % MAX_FINGERPRINT_SECONDS;
  seen.push(text);
  if (seen.length > MAX_SEEN) seen.shift();
  return new Date(seconds * 1000).toUTCString();
}

const MAX_SEEN = 100;
const seen: string[] = [];

/** The latest requests that were answered with their fingerprint, for the message of a failed test. */
export function takeSeen(): readonly string[] {
  return seen.splice(0);
}

/** Answers by the path; what a path does is in its name. */
export function answerHttp(request: Request, response: Response): void {
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (text: string) => {
    body = (body + text).slice(0, MAX_BODY_BYTES);
  });
  request.on("error", () => {});
  request.on("end", () => route(request, response as ServerResponse, body));
}

function route(request: Request, response: ServerResponse, body: string): void {
  const url = new URL(`http://server${(request.url ?? "/").replace(/^https?:\/\/[^/]*/, "")}`);
  const [, first = "", second = ""] = url.pathname.split("/");
  const text = (status: number, content: string): void => {
    response.writeHead(status, { "content-length": Buffer.byteLength(content) });
    response.end(content);
  };
  const redirect = (
    location: string,
    status = Number(url.searchParams.get("code") ?? 302),
  ): void => {
    response.writeHead(status, { location, "content-length": 0 });
    response.end();
  };
  switch (first) {
    case "status":
      response.writeHead(Number(second));
      response.end(second === "204" || second === "304" ? undefined : TEXT);
      return;
    case "empty":
      return text(200, "");
    case "text":
      return text(200, TEXT);
    case "chunked":
      response.write("hello ");
      response.end("world\n");
      return;
    case "large":
      return text(200, "x".repeat(LARGE_BYTES));
    case "modified":
      response.setHeader("last-modified", url.searchParams.get("at") ?? "");
      return text(200, TEXT);
    case "headers":
      for (const [name, value] of url.searchParams) response.appendHeader(name, value);
      return text(200, TEXT);
    case "to":
      return redirect(url.searchParams.get("location") ?? "/text");
    case "nowhere":
      response.writeHead(Number(second));
      response.end(TEXT);
      return;
    case "loop":
      return redirect("/loop");
    case "chain":
      return second === "0" ? text(200, TEXT) : redirect(`/chain/${Number(second) - 1}`);
    case "cookie-then":
      response.setHeader("set-cookie", ["taste=sweet; Path=/", "secret=no; Path=/elsewhere"]);
      return redirect("/seen");
    case "needs": {
      const isRight = request.headers[second] === url.searchParams.get("value");
      return text(isRight ? 200 : 401, TEXT);
    }
    case "encoded":
      return encoded(second, response);
    case "silent":
      return;
    case "drip":
      response.writeHead(200, { "content-length": TEXT.length });
      response.write(TEXT.slice(0, 4));
      return;
    case "token":
      response.writeHead(second === "refused" ? 401 : 200, { "content-type": "application/json" });
      response.end('{"access_token":"tasty","token_type":"Bearer","expires_in":3600}');
      return;
    default:
      response.setHeader("last-modified", fingerprint(request, body));
      return text(200, TEXT);
  }
}

function encoded(how: string, response: ServerResponse): void {
  const content = Buffer.from(TEXT.repeat(1_000));
  const bodies: Readonly<Record<string, Buffer>> = {
    gzip: gzipSync(content),
    br: brotliCompressSync(content),
    deflate: deflateRawSync(content),
    identity: content,
    cut: gzipSync(content).subarray(0, 40),
    wrong: Buffer.from("this is no compressed body at all"),
    nothing: Buffer.alloc(0),
  };
  const body = bodies[how] ?? Buffer.alloc(0);
  response.writeHead(200, { "content-length": body.length, "content-encoding": how });
  response.end(body);
}

/** The plain servers of both families. */
export async function openHttpServers(): Promise<Close> {
  const closes = await Promise.all([
    listenOn(createServer(answerHttp), HTTP_PORT),
    listenOn(createServer(answerHttp), HTTP_PORT, "::1"),
    listenOn(createServer(answerHttp), OTHER_HTTP_PORT),
  ]);
  return () => closeAll(closes);
}
