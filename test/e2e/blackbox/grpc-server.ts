import {
  createSecureServer,
  createServer,
  type Http2Server,
  type ServerHttp2Stream,
} from "node:http2";
import { type Close, closeAll, listenOn } from "./listening.ts";
import type { CertificateFolder } from "./parity-case.ts";

export const GRPC_PORTS = { plain: 9_000, tls: 9_001, expired: 9_002, mute: 9_003 } as const;

const HEALTH_CHECK = "/grpc.health.v1.Health/Check";
/** `ServingStatus` of grpc.health.v1, by the name of the service asked for. */
const STATUS: Readonly<Record<string, number>> = {
  "": 1,
  serving: 1,
  unknown: 0,
  resting: 2,
  strange: 3,
  newer: 17,
};
const GRPC_STATUS = { ok: 0, notFound: 5, unimplemented: 12 };
const FRAME_HEAD_BYTES = 5;

/** The name in a HealthCheckRequest: field 1, a text. @see the protobuf encoding guide */
function serviceOf(message: Buffer): string {
  const length = message[FRAME_HEAD_BYTES + 1] ?? 0;
  return message.toString("utf8", FRAME_HEAD_BYTES + 2, FRAME_HEAD_BYTES + 2 + length);
}

/** A HealthCheckResponse with its length before it. A status of 0 is left out, as protobuf does. */
function responseOf(status: number): Buffer {
  const message = Buffer.from(status === 0 ? [] : [0x08, status]);
  return Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
}

function answer(stream: ServerHttp2Stream, path: string): void {
  const chunks: Buffer[] = [];
  stream.on("error", () => {});
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("end", () => {
    const head = { ":status": 200, "content-type": "application/grpc" };
    const endWith = (status: number, message = ""): void => {
      stream.respond(
        { ...head, "grpc-status": status, "grpc-message": message },
        { endStream: true },
      );
    };
    if (path !== HEALTH_CHECK) return endWith(GRPC_STATUS.unimplemented, "no such method");
    const service = serviceOf(Buffer.concat(chunks));
    switch (service) {
      case "silent":
        return;
      case "web":
        stream.respond({ ":status": 503, "content-type": "text/html" });
        stream.end("<html>busy</html>");
        return;
      case "reset":
        return stream.close();
      case "garbage":
        stream.respond(head, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": GRPC_STATUS.ok }));
        stream.end(Buffer.from([0, 0, 0, 0, 2, 0xff, 0xff]));
        return;
    }
    const code = /^code-(\d+)$/.exec(service)?.[1];
    if (code !== undefined) return endWith(Number(code), "as you wish");
    const status = STATUS[service];
    if (status === undefined) return endWith(GRPC_STATUS.notFound, "unknown service");
    stream.respond(head, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": GRPC_STATUS.ok }));
    stream.end(responseOf(status));
  });
}

/** Health servers, with and without TLS, and one that knows no health service. */
export async function openGrpcServers(certificates: CertificateFolder): Promise<Close> {
  const healthy = (server: Http2Server): Http2Server => {
    server.on("sessionError", () => {});
    return server.on("stream", (stream, headers) => answer(stream, headers[":path"] ?? ""));
  };
  const mute = createServer();
  mute.on("stream", (stream) => {
    stream.on("error", () => {});
    stream.respond(
      {
        ":status": 200,
        "content-type": "application/grpc",
        "grpc-status": GRPC_STATUS.unimplemented,
      },
      { endStream: true },
    );
  });
  const closes = await Promise.all([
    listenOn(healthy(createServer()), GRPC_PORTS.plain),
    listenOn(healthy(createServer()), GRPC_PORTS.plain, "::1"),
    listenOn(healthy(createSecureServer(certificates.read("good"))), GRPC_PORTS.tls),
    listenOn(healthy(createSecureServer(certificates.read("expired"))), GRPC_PORTS.expired),
    listenOn(mute, GRPC_PORTS.mute),
  ]);
  return () => closeAll(closes);
}
