import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { createServer as createTlsServer } from "node:https";
import { createServer as createTcpServer, type Server } from "node:net";
import { WebSocketServer } from "ws";
import { type Close, closeAll, listenOn } from "../../e2e/blackbox/listening.ts";
import { createAuthority } from "../../probe/certificates.ts";
import { startDnsServer } from "../../support/dns-server.ts";
import { ACTORS, addressAt, bell } from "./actors.ts";

const DNS_DELAY_SECONDS = 0.008;
/** In a network of its own every port is free. */
const PORTS = { http: 80, https: 443, soon: 8443, banner: 25, grpc: 9000 } as const;

/** Web sites, all on the loopback interface; each name is a target. */
export const SITES = {
  /** Over TLS: slow to begin, later slow to end. */
  shop: "https://shop.example.net/",
  /** Its certificate expires within days. */
  soon: `https://soon.example.net:${PORTS.soon}/`,
  plain: "http://www.example.net/",
  /** Leads to the plain one. */
  moved: "http://www.example.net/moved",
  /** Answers 503 for a while. */
  busy: "http://www.example.net/busy",
  /** Nobody listens. */
  closed: "http://www.example.net:1/",
} as const;

/** `grpc.health.v1.HealthCheckResponse` with status SERVING, as one gRPC message. */
const SERVING = Buffer.from([0, 0, 0, 0, 2, 0x08, 0x01]);

export type Servers = {
  readonly caFile: string;
  /** Of the name server, which is also a target. */
  readonly dnsAddress: string;
  /** One target for each other prober. */
  readonly services: Readonly<Record<"tcp" | "grpc" | "websocket", string>>;
  readonly close: Close;
};

/** @param moment How far the play is, 0 to 1. */
export async function startServers(moment: () => number): Promise<Servers> {
  const authority = createAuthority();
  const names = await startDnsServer(({ name, type }) => {
    const actor = ACTORS.find((known) => known.name === name);
    if (actor === undefined) {
      const isSite = Object.values(SITES).some((url) => new URL(url).hostname === name);
      if (!isSite) return { kind: "nxdomain" };
      const delaySeconds = DNS_DELAY_SECONDS;
      return { kind: "records", addresses: ["127.0.0.1"], ttlSeconds: 1, delaySeconds };
    }
    const address = addressAt(actor, moment());
    const isOfType = address.includes(":") === (type === "AAAA");
    return { kind: "records", addresses: isOfType ? [address] : [], ttlSeconds: 1 };
  });
  const issue = (name: string, times?: { readonly start: string; readonly end: string }) => {
    const request = { name, subject: `/CN=${name}`, names: `DNS:${name}.example.net` };
    return authority.issue(times === undefined ? request : { ...request, times });
  };
  const slow = (_request: IncomingMessage, response: ServerResponse): void =>
    answerSlowly(response, moment());
  const web = createServer((request, response) => answerPlainly(request, response, moment()));
  const sockets = new WebSocketServer({ server: web });
  sockets.on("connection", (socket) => socket.send("hello"));
  const listening: readonly (readonly [Server, number])[] = [
    [web, PORTS.http],
    [createTlsServer(issue("shop"), slow), PORTS.https],
    [createTlsServer(issue("soon", soonOver()), slow), PORTS.soon],
    [createTcpServer((socket) => socket.resume().write("220 ready\r\n")), PORTS.banner],
    [healthServer(), PORTS.grpc],
  ];
  const closes: Close[] = [
    async () => {
      sockets.close();
    },
    () => names.close(),
    async () => authority.close(),
  ];
  for (const [server, port] of listening) closes.push(await listenOn(server, port));
  return {
    caFile: authority.caFile,
    dnsAddress: names.address,
    services: {
      tcp: `127.0.0.1:${PORTS.banner}`,
      grpc: `127.0.0.1:${PORTS.grpc}`,
      websocket: "ws://127.0.0.1/",
    },
    close: () => closeAll(closes),
  };
}

/** From yesterday for two more days, as openssl takes it. */
function soonOver(): { readonly start: string; readonly end: string } {
  const daySeconds = 86_400;
  const at = (offsetSeconds: number): string => {
    const time = new Date(Date.now() + offsetSeconds * 1000);
    return `${time.toISOString().replace(/[-:T]|\.\d+/g, "")}`;
  };
  return { start: at(-daySeconds), end: at(2 * daySeconds) };
}

function answerSlowly(response: ServerResponse, moment: number): void {
  const processing = 0.03 + 0.08 * bell(moment, 0.25, 0.55);
  const transfer = 0.015 + 0.09 * bell(moment, 0.55, 0.9);
  setTimeout(() => {
    response.write("the first half of a page, ");
    setTimeout(() => response.end("and the second"), transfer * 1000);
  }, processing * 1000);
}

function answerPlainly(request: IncomingMessage, response: ServerResponse, moment: number): void {
  if (request.url === "/moved") response.writeHead(302, { location: "/" }).end();
  else if (request.url === "/busy" && moment > 0.4 && moment < 0.95) response.writeHead(503).end();
  else setTimeout(() => response.end("hello"), 12);
}

function healthServer(): Server {
  const server = createHttp2Server();
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    const head = { ":status": 200, "content-type": "application/grpc" };
    stream.respond(head, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(SERVING);
  });
  return server;
}
