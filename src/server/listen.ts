import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ListenAddress } from "../policy/verdict.ts";
import type { Logger } from "../runtime/log.ts";
import { Connections } from "./connections.ts";
import { parseListenAddress } from "./listen-address.ts";
import { descriptorOf } from "./systemd-socket.ts";

/** What one client may take of the agent. Times in seconds. */
export type ListenLimits = {
  /** Request line and all headers. */
  readonly maxHeaderBytes: number;
  /** From the first byte of a request to the end of its headers. */
  readonly headersTimeoutSeconds: number;
  /** To the end of the whole request. */
  readonly requestTimeoutSeconds: number;
  /** An idle connection; longer than scrape intervals, so that scrapes reuse theirs. */
  readonly keepAliveTimeoutSeconds: number;
  /** For each listen address. */
  readonly maxConnections: number;
  readonly maxRequestsPerConnection: number;
  /** How long answers under way are waited for at the end. */
  readonly graceSeconds: number;
};

export const LISTEN_LIMITS: ListenLimits = {
  maxHeaderBytes: 16_384,
  headersTimeoutSeconds: 10,
  requestTimeoutSeconds: 30,
  keepAliveTimeoutSeconds: 120,
  maxConnections: 4_096,
  maxRequestsPerConnection: 10_000,
  graceSeconds: 1.2,
};

/** How often Node looks for connections past their time. */
const TIMEOUT_CHECK_SECONDS = 1;

/** The servers in force. */
export type Listening = {
  /** As bound: a port 0 has become the port the kernel gave. */
  readonly addresses: readonly ListenAddress[];
  /** Refuses new connections, lets answers under way end within the grace, then cuts. Never rejects. */
  readonly close: () => Promise<void>;
};

/**
 * Opens an HTTP server on each address, or on none.
 *
 * @param options.listenAddresses As `--web.listen-address` has them. `:PORT` is both families where the
 *   kernel has IPv6, else IPv4. Or sockets that are open already, as `systemd-socket.ts` names them.
 * @throws an Error whose message says what to do about a taken port, a missing privilege or address.
 */
export async function listen(options: {
  readonly listenAddresses: readonly string[];
  readonly handler: RequestListener;
  readonly log: Logger;
  readonly limits?: Partial<ListenLimits>;
}): Promise<Listening> {
  const limits = { ...LISTEN_LIMITS, ...options.limits };
  const connections = new Connections(limits.maxRequestsPerConnection);
  const servers: Server[] = [];
  const close = startedOnce(async () => {
    const closed = servers.filter((server) => server.listening).map(stopped);
    connections.close();
    const cutting = setTimeout(() => connections.cut(), limits.graceSeconds * 1000);
    await Promise.all(closed);
    clearTimeout(cutting);
  });
  const addresses: ListenAddress[] = [];
  try {
    for (const text of options.listenAddresses) {
      const server = createOne(options.handler, connections, limits, options.log);
      servers.push(server);
      addresses.push(await bind(server, text, options.log));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { addresses, close };
}

function createOne(
  handler: RequestListener,
  connections: Connections,
  limits: ListenLimits,
  log: Logger,
): Server {
  const serverOptions: ServerOptions = {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutSeconds * 1000,
    requestTimeout: limits.requestTimeoutSeconds * 1000,
    keepAliveTimeout: limits.keepAliveTimeoutSeconds * 1000,
    connectionsCheckingInterval: TIMEOUT_CHECK_SECONDS * 1000,
    noDelay: true,
  };
  const server = createServer(serverOptions, (request, response) => {
    connections.began(request.socket, response);
    handler(request, response);
  });
  server.maxConnections = limits.maxConnections;
  server.on("connection", (socket) => connections.opened(socket));
  // Once: who opens too many connections must not fill the log as well.
  server.once("drop", () =>
    log.warn("Connections beyond the limit are dropped", { limit: limits.maxConnections }),
  );
  server.on("clientError", (error: Error & { code?: string }, socket) => {
    refuseBadRequest(error.code, socket, connections);
  });
  return server;
}

/** What the HTTP parser refused, in one sentence; Node's own answers have none. */
const PARSER_REFUSALS: ReadonlyMap<string, string> = new Map([
  ["HPE_HEADER_OVERFLOW", "431 Request Header Fields Too Large"],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", "413 Content Too Large"],
  ["ERR_HTTP_REQUEST_TIMEOUT", "408 Request Timeout"],
]);

function refuseBadRequest(
  code: string | undefined,
  socket: Duplex,
  connections: Connections,
): void {
  const isBusy = socket instanceof Socket && connections.isBusy(socket);
  if (!socket.writable || isBusy || code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const status = PARSER_REFUSALS.get(code ?? "") ?? "400 Bad Request";
  const body = `the request was not understood: ${status.slice(4)}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

async function bind(server: Server, text: string, log: Logger): Promise<ListenAddress> {
  const where = listenOptions(text);
  try {
    server.listen(where);
    await once(server, "listening");
  } catch (cause) {
    const remedy = "fd" in where ? HANDED_REMEDY : bindRemedy(cause, where.port);
    throw new Error(`Cannot listen on ${text}: ${remedy}`, { cause });
  }
  // Accepting may fail for want of file descriptors; that is no reason to end.
  server.on("error", (error) => log.error("Cannot accept a connection", { error: error.message }));
  const bound: unknown = server.address();
  if (!isInternetAddress(bound)) throw new Error(`Cannot listen on ${text}: ${HANDED_REMEDY}`);
  return { address: bound.address, port: bound.port };
}

const HANDED_REMEDY =
  "what was handed over is no TCP socket; write for example ListenStream=10707 in the socket unit";

type Where = { readonly host?: string; readonly port: number } | { readonly fd: number };

function listenOptions(text: string): Where {
  const descriptor = descriptorOf(text);
  if (descriptor !== undefined) return { fd: descriptor };
  const parsed = parseListenAddress(text);
  if (parsed.kind === "malformed") throw new Error(`Cannot listen: ${parsed.problem}`);
  const { host, port } = parsed.target;
  // Without a host Node takes `::` for both families, and 0.0.0.0 where there is no IPv6.
  return host === undefined ? { port } : { host, port };
}

/** Of a handed socket of another kind Node tells a path, or nothing, whatever its types say. */
function isInternetAddress(bound: unknown): bound is ListenAddress {
  return (
    typeof bound === "object" &&
    bound !== null &&
    "address" in bound &&
    typeof bound.address === "string" &&
    "port" in bound &&
    typeof bound.port === "number"
  );
}

function bindRemedy(cause: unknown, port: number): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  switch (code) {
    case "EADDRINUSE":
      return "another process has this port; stop it, or choose another --web.listen-address";
    case "EACCES":
      return `port ${port} needs a privilege; grant CAP_NET_BIND_SERVICE, or choose a port from 1024 up`;
    case "EADDRNOTAVAIL":
      return "no interface of this machine has the address; choose one that it has";
    case "EAFNOSUPPORT":
      return "this machine has no IPv6; choose an IPv4 address";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "the name does not resolve; write an address";
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}

async function stopped(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  await closed;
}

function startedOnce(start: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= start();
    return running;
  };
}
