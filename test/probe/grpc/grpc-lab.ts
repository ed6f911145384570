import {
  createSecureServer,
  createServer,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Stream,
} from "node:http2";
import { createServer as createTcpServer, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { probeGrpc } from "../../../src/probe/grpc/grpc.ts";
import { encodeHeaders } from "../../../src/probe/http2/hpack.ts";
import { encodeFrame, encodeSettings, FLAG, FRAME } from "../../../src/probe/http2/http2-frames.ts";
import { moduleOptions } from "../../../src/probe/module.ts";
import type { ProbeTools } from "../../../src/probe/probe-request.ts";
import type { GrpcFacts, ProbeOutcome } from "../../../src/probe/prober.ts";
import { listen, probeTools } from "../lab.ts";

export type Checked = ProbeOutcome & { readonly facts: GrpcFacts };

/** One gRPC probe as the worker makes it. */
export async function check(
  target: string,
  grpc: Record<string, unknown> = {},
  more: {
    readonly tools?: Partial<ProbeTools>;
    readonly timeoutSeconds?: number;
    readonly signal?: AbortSignal;
    readonly isDebug?: boolean;
  } = {},
): Promise<Checked> {
  const outcome = await probeGrpc(
    {
      module: moduleOptions.parse({ prober: "grpc", grpc }),
      target,
      hostname: undefined,
      timeoutSeconds: more.timeoutSeconds ?? 20,
      permit: { kind: "continuous" },
      isDebug: more.isDebug ?? false,
    },
    probeTools(more.tools),
    more.signal ?? new AbortController().signal,
  );
  if (outcome.facts.protocol !== "grpc") throw new Error("Cannot go on: not the facts of gRPC");
  return { ...outcome, facts: outcome.facts };
}

/** A message as DATA carries it. */
export function message(...bytes: readonly number[]): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, Buffer.of(...bytes)]);
}

/** HealthCheckResponse with a status below 128. */
export const serving = (status: number): Buffer => message(0x08, status);

export const GRPC_HEAD = { ":status": 200, "content-type": "application/grpc" } as const;

/** Answers a call as a gRPC server does: head, message, status in the trailers. */
export function answer(
  stream: ServerHttp2Stream,
  body: Buffer,
  trailers: Record<string, string> = { "grpc-status": "0" },
): void {
  stream.respond(GRPC_HEAD, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  stream.end(body);
}

/** Answers a call by a head alone, which holds the status. */
export function refuse(stream: ServerHttp2Stream, trailers: Record<string, string>): void {
  stream.respond({ ...GRPC_HEAD, ...trailers }, { endStream: true });
}

export type Call = { readonly headers: IncomingHttpHeaders; readonly body: Buffer };

/** A server of HTTP/2, over TLS when there is a certificate, that notes each call and answers it. */
export async function serveCalls(
  t: TestContext,
  onCall: (stream: ServerHttp2Stream, call: Call) => void,
  tls?: SecureServerOptions,
) {
  const calls: Call[] = [];
  const server = tls === undefined ? createServer() : createSecureServer(tls);
  server.on("sessionError", () => {});
  server.on("stream", (stream, headers) => {
    const parts: Buffer[] = [];
    stream.on("error", () => {});
    stream.on("data", (part: Buffer) => parts.push(part));
    stream.on("end", () => {
      const call = { headers, body: Buffer.concat(parts) };
      calls.push(call);
      onCall(stream, call);
    });
  });
  const { port } = await listen(t, server);
  return { port, calls };
}

/** Frames of a well-behaved answer, for scripts that leave it in the middle. */
export const FRAMES = {
  settings: encodeSettings([]),
  head: encodeFrame(
    FRAME.headers,
    FLAG.endHeaders,
    1,
    encodeHeaders([
      [":status", "200"],
      ["content-type", "application/grpc"],
    ]),
  ),
  serving: encodeFrame(FRAME.data, 0, 1, serving(1)),
  trailers: encodeFrame(
    FRAME.headers,
    FLAG.endHeaders | FLAG.endStream,
    1,
    encodeHeaders([["grpc-status", "0"]]),
  ),
  reset: (code: number): Buffer => {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(code);
    return encodeFrame(FRAME.reset, 0, 1, payload);
  },
} as const;

/** A TCP server that says what the script says once the first bytes of a client have come. */
export async function serveBytes(
  t: TestContext,
  script: (socket: Socket) => void,
): Promise<{ readonly port: number }> {
  return await listen(
    t,
    createTcpServer((socket) => socket.once("data", () => script(socket))),
  );
}
