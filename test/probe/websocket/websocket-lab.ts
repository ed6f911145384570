import { createHash } from "node:crypto";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { createServer as createHttpsServer, type ServerOptions } from "node:https";
import type { Socket } from "node:net";
import type { TestContext } from "node:test";
import { type WebSocket, WebSocketServer } from "ws";
import { moduleOptions } from "../../../src/probe/module.ts";
import type { ProbeTools } from "../../../src/probe/probe-request.ts";
import type { ProbeOutcome, WebsocketFacts } from "../../../src/probe/prober.ts";
import { probeWebsocket } from "../../../src/probe/websocket/websocket.ts";
import { listen, probeTools, serveRaw } from "../lab.ts";

export type Upgraded = ProbeOutcome & { readonly facts: WebsocketFacts };

/** One probe of a web socket as the worker makes it. */
export async function upgrade(
  target: string,
  websocket: Record<string, unknown> = {},
  more: {
    readonly tools?: Partial<ProbeTools>;
    readonly timeoutSeconds?: number;
    readonly signal?: AbortSignal;
    readonly isDebug?: boolean;
  } = {},
): Promise<Upgraded> {
  const outcome = await probeWebsocket(
    {
      module: moduleOptions.parse({ prober: "websocket", websocket }),
      target,
      hostname: undefined,
      timeoutSeconds: more.timeoutSeconds ?? 20,
      permit: { kind: "continuous" },
      isDebug: more.isDebug ?? false,
    },
    probeTools(more.tools),
    more.signal ?? new AbortController().signal,
  );
  if (outcome.facts.protocol !== "websocket") throw new Error("Cannot go on: other facts");
  return { ...outcome, facts: outcome.facts };
}

/** A server of web sockets by the library, over TLS when there is a certificate. */
export async function serveWebsocket(
  t: TestContext,
  onPeer: (peer: WebSocket, request: IncomingMessage) => void,
  tls?: ServerOptions,
) {
  const requests: IncomingMessage[] = [];
  const closings: number[] = [];
  const http = tls === undefined ? createHttpServer() : createHttpsServer(tls);
  const server = new WebSocketServer({ server: http });
  server.on("connection", (peer, request) => {
    requests.push(request);
    peer.on("error", () => {});
    peer.on("close", (code) => closings.push(code));
    onPeer(peer, request);
  });
  const { port } = await listen(t, http);
  return { port, requests, closings };
}

/** What a server answers to the key of a handshake. @see RFC 6455 section 4.2.2 */
export function acceptOf(head: string): string {
  const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? "";
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** A good answer to a handshake, by hand. */
export function upgradeHead(head: string, more = ""): string {
  return (
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    `Sec-WebSocket-Accept: ${acceptOf(head)}\r\n${more}\r\n`
  );
}

/** A server that upgrades and then sends what bytes it likes. */
export async function serveFrames(t: TestContext, script: (socket: Socket) => void) {
  return await serveRaw(t, (socket, head) => {
    socket.write(upgradeHead(head));
    script(socket);
  });
}

/** A frame of at most 125 bytes as a server sends it. @see RFC 6455 section 5.2 */
export function frame(opcode: number, text: string, isFinal = true): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.of((isFinal ? 0x80 : 0) | opcode, payload.length), payload]);
}

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
