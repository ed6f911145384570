import { createSocket, type RemoteInfo, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { probeDns } from "../../../src/probe/dns/dns.ts";
import { type Module, moduleOptions } from "../../../src/probe/module.ts";
import type { ProbeTools } from "../../../src/probe/probe-request.ts";
import type { DnsFacts, ProbeOutcome } from "../../../src/probe/prober.ts";
import { probeTools } from "../lab.ts";
import { bytes, u16 } from "./wire.ts";

export type Loopback = "127.0.0.1" | "::1";

/** Says what it likes to each query; `send` goes to who asked. */
export type UdpScript = (query: Buffer, send: (answer: Buffer) => void, from: RemoteInfo) => void;

/** A name server over UDP that listens until the test has ended. */
export async function serveUdp(
  t: TestContext,
  script: UdpScript,
  host: Loopback = "127.0.0.1",
): Promise<{ readonly port: number; readonly socket: UdpSocket }> {
  const socket = createSocket(host === "::1" ? "udp6" : "udp4");
  let isClosed = false;
  socket.on("message", (query, from) => {
    const send = (answer: Buffer): void => {
      // A client that has closed its port makes the kernel report an error, which is no news.
      if (!isClosed) socket.send(answer, from.port, from.address, () => {});
    };
    script(query, send, from);
  });
  socket.bind(0, host);
  await once(socket, "listening");
  t.after(() => {
    isClosed = true;
    socket.close();
  });
  return { port: socket.address().port, socket };
}

export type StreamScript = (query: Buffer, socket: Socket) => void;

/** A name server over TCP, or TLS, that listens until the test has ended, which also cuts what is connected. */
export async function serveStream(
  t: TestContext,
  script: StreamScript,
  { host = "127.0.0.1", tls }: { readonly host?: Loopback; readonly tls?: TlsOptions } = {},
): Promise<{ readonly port: number; readonly sockets: ReadonlySet<Socket> }> {
  const sockets = new Set<Socket>();
  const onConnection = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    let received: Buffer = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      const query = received.subarray(2, 2 + received.readUInt16BE(0));
      received = Buffer.alloc(0);
      script(query, socket);
    });
  };
  const server: Server =
    tls === undefined ? createServer(onConnection) : createTlsServer(tls, onConnection);
  server.on("tlsClientError", () => {});
  server.listen(0, host);
  await once(server, "listening");
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((done) => server.close(() => done()));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("Cannot go on: no port");
  return { port: address.port, sockets };
}

/** A message behind its length, as it goes over a stream. */
export const framed = (message: Buffer): Buffer => bytes(u16(message.length), message);

export function dnsModule(dns: Record<string, unknown> = {}): Module {
  return moduleOptions.parse({ prober: "dns", dns: { query_name: "example.net", ...dns } });
}

export type Asked = ProbeOutcome & { readonly facts: DnsFacts };

/** One DNS probe as the worker makes it. */
export async function ask(
  target: string,
  dns: Record<string, unknown> = {},
  more: {
    readonly tools?: Partial<ProbeTools>;
    readonly timeoutSeconds?: number;
    readonly signal?: AbortSignal;
    readonly isDebug?: boolean;
  } = {},
): Promise<Asked> {
  const outcome = await probeDns(
    {
      module: dnsModule(dns),
      target,
      hostname: undefined,
      timeoutSeconds: more.timeoutSeconds ?? 20,
      permit: { kind: "continuous" },
      isDebug: more.isDebug ?? false,
    },
    probeTools(more.tools),
    more.signal ?? new AbortController().signal,
  );
  if (outcome.facts.protocol !== "dns") throw new Error("Cannot go on: not the facts of DNS");
  return { ...outcome, facts: outcome.facts };
}

export const detailOf = (outcome: ProbeOutcome): string =>
  outcome.kind === "failed" ? outcome.detail : outcome.kind;
