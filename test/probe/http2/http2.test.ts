import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { connect, createServer as createTcpServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import type { ResponseHead } from "../../../src/probe/exchange.ts";
import { encodeHeaders, type HeaderField } from "../../../src/probe/http2/hpack.ts";
import { exchangeHttp2 } from "../../../src/probe/http2/http2.ts";
import { Http2Error, StreamResetError } from "../../../src/probe/http2/http2-errors.ts";
import { encodeFrame, encodeSettings, FLAG, FRAME } from "../../../src/probe/http2/http2-frames.ts";
import type { Http2Request } from "../../../src/probe/http2/http2-request.ts";
import type { StageClock } from "../../../src/probe/stages.ts";
import { listen } from "../lab.ts";

const STILL: StageClock = { current: "request", enter: () => {} };
const GET: Http2Request = {
  method: "GET",
  path: "/",
  host: "a.example",
  headers: [],
  body: undefined,
};

type Trailers = ReadonlyMap<string, readonly string[]>;

/** What a sink is told, in its order. */
type Told =
  | { readonly kind: "head"; readonly head: ResponseHead }
  | { readonly kind: "data"; readonly text: string }
  | { readonly kind: "trailers"; readonly trailers: Trailers };

async function exchange(port: number, request: Partial<Http2Request> = {}): Promise<Told[]> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const told: Told[] = [];
  const sink = {
    onHead: (head: ResponseHead) => told.push({ kind: "head", head }) > 0,
    onData: (chunk: Buffer) => told.push({ kind: "data", text: chunk.toString() }) > 0,
    onTrailers: (trailers: Trailers) => void told.push({ kind: "trailers", trailers }),
  };
  await exchangeHttp2(socket, { ...GET, ...request }, sink, STILL);
  assert.equal(socket.destroyed, true);
  return told;
}

async function serve(
  t: TestContext,
  answer: (stream: ServerHttp2Stream) => void,
): Promise<{ readonly port: number; readonly requests: IncomingHttpHeaders[] }> {
  const requests: IncomingHttpHeaders[] = [];
  const server = createServer();
  server.on("stream", (stream, headers) => {
    requests.push(headers);
    stream.on("error", () => {});
    answer(stream);
  });
  return { ...(await listen(t, server)), requests };
}

async function serveFrames(t: TestContext, ...frames: readonly Buffer[]): Promise<number> {
  const server = createTcpServer((socket: Socket) => {
    socket.once("data", () => socket.end(Buffer.concat([encodeSettings([]), ...frames])));
  });
  return (await listen(t, server)).port;
}

const head = (flags: number, ...fields: readonly HeaderField[]): Buffer =>
  encodeFrame(FRAME.headers, FLAG.endHeaders | flags, 1, encodeHeaders(fields));

test("trailers are told after the body", async (t) => {
  const { port } = await serve(t, (stream) => {
    stream.respond({ ":status": 200 }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "X-Sum": "7", many: ["a", "b"] }));
    stream.end("body");
  });
  const told = await exchange(port);
  assert.deepEqual(
    told.map(({ kind }) => kind),
    ["head", "data", "trailers"],
  );
  const last = told.at(-1);
  assert.ok(last?.kind === "trailers");
  assert.deepEqual(last.trailers.get("x-sum"), ["7"]);
  assert.deepEqual(last.trailers.get("many"), ["a", "b"]);
});

test("a head that nothing follows is told as the trailers as well", async (t) => {
  const { port } = await serve(t, (stream) => {
    stream.respond({ ":status": 404, "grpc-status": "5" }, { endStream: true });
  });
  const told = await exchange(port);
  const [first, second] = told;
  assert.equal(told.length, 2);
  assert.ok(first?.kind === "head" && second?.kind === "trailers");
  assert.equal(first.head.statusCode, 404);
  assert.deepEqual(second.trailers.get("grpc-status"), ["5"]);
});

test("a body that is the end has no trailers", async (t) => {
  const { port } = await serve(t, (stream) => {
    stream.respond({ ":status": 200 });
    stream.end("body");
  });
  const told = await exchange(port);
  assert.equal(told.at(-1)?.kind, "data");
});

test("a body of another length than announced has no trailers but an error", async (t) => {
  const port = await serveFrames(
    t,
    head(0, [":status", "200"], ["content-length", "5"]),
    encodeFrame(FRAME.data, 0, 1, Buffer.from("four")),
    head(FLAG.endStream, ["a", "b"]),
  );
  await assert.rejects(exchange(port), Http2Error);
});

test("without TLS the scheme is http, and the length is told unless it is not wanted", async (t) => {
  const { port, requests } = await serve(t, (stream) => {
    stream.respond({ ":status": 204 }, { endStream: true });
  });
  const body = Buffer.from("body");
  await exchange(port, { method: "POST", body, scheme: "http" });
  await exchange(port, {
    method: "POST",
    body,
    isLengthTold: false,
    headers: [["TE", "trailers"]],
  });
  const [first = {}, second = {}] = requests;
  assert.equal(first[":scheme"], "http");
  assert.equal(first["content-length"], "4");
  assert.equal(second[":scheme"], "https");
  assert.equal(second["content-length"], undefined);
  assert.equal(second["te"], "trailers");
});

const resets = [
  { name: "NO_ERROR", resetCode: 0, code: "ECONNRESET" },
  { name: "REFUSED_STREAM", resetCode: 7, code: "ECONNRESET" },
  { name: "CANCEL", resetCode: 8, code: "ECONNRESET" },
  { name: "INTERNAL_ERROR", resetCode: 2, code: "ERR_HTTP2" },
  { name: "ENHANCE_YOUR_CALM", resetCode: 11, code: "ERR_HTTP2" },
] as const;

for (const { name, resetCode, code } of resets) {
  test(`a reset with ${name} is an error that says so`, async (t) => {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(resetCode);
    const port = await serveFrames(t, encodeFrame(FRAME.reset, 0, 1, payload));
    await assert.rejects(exchange(port), (error) => {
      assert.ok(error instanceof StreamResetError);
      assert.deepEqual([error.resetCode, error.code], [resetCode, code]);
      return true;
    });
  });
}

test("a sink that wants no more ends the exchange at once", async (t) => {
  const { port } = await serve(t, (stream) => stream.respond({ ":status": 200 }));
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  let trailers = 0;
  await exchangeHttp2(
    socket,
    GET,
    { onHead: () => false, onData: () => true, onTrailers: () => void (trailers += 1) },
    STILL,
  );
  assert.equal(socket.destroyed, true);
  assert.equal(trailers, 0);
});
