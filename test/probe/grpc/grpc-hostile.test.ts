import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeHeaders } from "../../../src/probe/http2/hpack.ts";
import { encodeFrame, FLAG, FRAME } from "../../../src/probe/http2/http2-frames.ts";
import { FAILURE_REASONS } from "../../../src/probe/prober.ts";
import { later, reasonOf, serveHttp } from "../lab.ts";
import { answer, check, FRAMES, message, serveBytes, serveCalls, serving } from "./grpc-lab.ts";

const RUNS = 60;
const ENDINGS: ReadonlySet<string> = new Set(["succeeded", ...FAILURE_REASONS]);
/** For the tests that meet their deadline. */
const TIMEOUT_SECONDS = 0.3;

const { settings, head, trailers } = FRAMES;
const data = (bytes: Uint8Array, flags = 0): Buffer => encodeFrame(FRAME.data, flags, 1, bytes);
const headers = (fields: Record<string, string>, flags = 0): Buffer =>
  encodeFrame(FRAME.headers, FLAG.endHeaders | flags, 1, encodeHeaders(Object.entries(fields)));
const prefix = (flag: number, length: number): Buffer => {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt8(flag);
  bytes.writeUInt32BE(length, 1);
  return bytes;
};

const scripts: readonly {
  readonly name: string;
  readonly frames: readonly Buffer[];
  readonly reason?: string;
  readonly code: number;
  readonly detail: RegExp;
}[] = [
  {
    name: "a compressed message",
    frames: [settings, head, data(Buffer.concat([prefix(1, 2), Buffer.of(8, 1)])), trailers],
    code: 13,
    detail: /compressed/,
  },
  {
    name: "a flag that is none",
    frames: [settings, head, data(prefix(7, 2)), trailers],
    code: 13,
    detail: /begins with 7/,
  },
  {
    name: "two messages",
    frames: [settings, head, data(Buffer.concat([serving(1), serving(1)])), trailers],
    code: 13,
    detail: /more than one message/,
  },
  {
    name: "two messages in frames of their own",
    frames: [settings, head, data(serving(1)), data(serving(1)), trailers],
    code: 13,
    detail: /more than one message/,
  },
  {
    name: "a length of four gigabytes",
    frames: [settings, head, data(prefix(0, 0xffff_ffff))],
    code: 8,
    detail: /4294967295 bytes/,
  },
  {
    name: "a length longer than the message",
    frames: [settings, head, data(Buffer.concat([prefix(0, 9), Buffer.of(8, 1)])), trailers],
    code: 13,
    detail: /cut short/,
  },
  {
    name: "a prefix that is cut short",
    frames: [settings, head, data(Buffer.of(0, 0)), trailers],
    code: 13,
    detail: /cut short/,
  },
  {
    name: "no message before status OK",
    frames: [settings, head, trailers],
    code: 13,
    detail: /no message/,
  },
  {
    name: "status OK in a head alone",
    frames: [
      settings,
      headers(
        { ":status": "200", "content-type": "application/grpc", "grpc-status": "0" },
        FLAG.endStream,
      ),
    ],
    code: 13,
    detail: /no message/,
  },
  {
    name: "a body that ends without trailers",
    frames: [settings, head, data(serving(1), FLAG.endStream)],
    code: 13,
    detail: /without trailers/,
  },
  {
    name: "trailers without a status",
    frames: [settings, head, data(serving(1)), headers({ a: "b" }, FLAG.endStream)],
    code: 2,
    detail: /no grpc-status/,
  },
  {
    name: "a status that is no number",
    frames: [settings, head, headers({ "grpc-status": "good" }, FLAG.endStream)],
    code: 2,
    detail: /good is no number/,
  },
  {
    name: "a status that nobody knows",
    frames: [settings, head, headers({ "grpc-status": "99" }, FLAG.endStream)],
    reason: "grpc_status",
    code: 99,
    detail: /unknown status \(99\)/,
  },
  {
    name: "a message that is no health response",
    frames: [settings, head, data(message(0x08)), trailers],
    code: 13,
    detail: /no HealthCheckResponse/,
  },
  {
    name: "HTTP status 404 of a proxy",
    frames: [
      settings,
      headers({ ":status": "404", "content-type": "text/html" }),
      data(Buffer.from("<html>")),
    ],
    code: 12,
    detail: /HTTP status 404 of type text\/html/,
  },
  {
    name: "HTTP status 503 without a type",
    frames: [settings, headers({ ":status": "503" }, FLAG.endStream)],
    code: 14,
    detail: /HTTP status 503 without a content-type/,
  },
  {
    name: "a redirect",
    frames: [settings, headers({ ":status": "302", location: "/x" }, FLAG.endStream)],
    code: 2,
    detail: /HTTP status 302/,
  },
  {
    name: "a type that only begins like gRPC's",
    frames: [settings, headers({ ":status": "200", "content-type": "application/grpc-web" })],
    code: 2,
    detail: /of type application\/grpc-web/,
  },
  {
    name: "a reset with REFUSED_STREAM",
    frames: [settings, FRAMES.reset(7)],
    reason: "dialogue_closed",
    code: 14,
    detail: /reset with code 7/,
  },
  {
    name: "a reset with ENHANCE_YOUR_CALM after the head",
    frames: [settings, head, FRAMES.reset(11)],
    code: 8,
    detail: /error code 11/,
  },
  {
    name: "a reset with INTERNAL_ERROR",
    frames: [settings, FRAMES.reset(2)],
    code: 13,
    detail: /error code 2/,
  },
  {
    name: "the connection closed at once",
    frames: [],
    reason: "dialogue_closed",
    code: 14,
    detail: /closed/,
  },
  {
    name: "the connection closed before the trailers",
    frames: [settings, head, data(serving(1))],
    reason: "dialogue_closed",
    code: 14,
    detail: /closed/,
  },
  {
    name: "an answer of HTTP/1.1",
    frames: [Buffer.from("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")],
    code: 14,
    detail: /call failed/,
  },
  {
    name: "trailers in the middle",
    frames: [settings, head, headers({ "grpc-status": "0" }), data(serving(1))],
    code: 14,
    detail: /trailers that are not the end/,
  },
];

for (const { name, frames, reason = "grpc_protocol", code, detail } of scripts) {
  test(`${name} ends in ${reason} with status ${code}`, async (t) => {
    const { port } = await serveBytes(t, (socket) => socket.end(Buffer.concat(frames)));
    const outcome = await check(`127.0.0.1:${port}`);
    assert.equal(reasonOf(outcome), reason);
    assert.equal(outcome.facts.statusCode, code);
    assert.ok(outcome.kind === "failed");
    assert.match(outcome.detail, detail);
    assert.equal(outcome.facts.servingStatus, undefined);
  });
}

test("the same frames byte by byte are the same answer", async (t) => {
  const bytes = Buffer.concat([settings, head, data(serving(1)), trailers]);
  const { port } = await serveBytes(t, (socket) => {
    socket.setNoDelay(true);
    for (const byte of bytes) socket.write(Buffer.of(byte));
  });
  assert.equal(reasonOf(await check(`127.0.0.1:${port}`)), "succeeded");
});

test("an answer in steps, with pings and settings between, is taken", async (t) => {
  const ping = encodeFrame(FRAME.ping, 0, 0, Buffer.alloc(8));
  const early = headers({ ":status": "103" });
  const frames = [settings, ping, early, head, ping, data(serving(1)), settings, trailers];
  const { port } = await serveBytes(t, (socket) => socket.write(Buffer.concat(frames)));
  assert.equal(reasonOf(await check(`127.0.0.1:${port}`)), "succeeded");
});

const endless = [
  { name: "pings", bytes: encodeFrame(FRAME.ping, 0, 0, Buffer.alloc(8)) },
  { name: "settings", bytes: settings },
  { name: "interim answers", bytes: headers({ ":status": "103", a: "b".repeat(4_000) }) },
  { name: "empty data", bytes: data(Buffer.alloc(0)) },
] as const;

for (const { name, bytes } of endless) {
  test(`${name} without end end by the deadline or before`, async (t) => {
    const { port } = await serveBytes(t, (socket) => {
      socket.write(settings);
      if (name === "empty data") socket.write(head);
      const more = (): void => {
        if (!socket.destroyed) socket.write(Buffer.concat(Array(50).fill(bytes)), more);
      };
      more();
    });
    const outcome = await check(`127.0.0.1:${port}`, {}, { timeoutSeconds: TIMEOUT_SECONDS });
    assert.ok(["grpc_timeout", "grpc_protocol"].includes(reasonOf(outcome)));
  });
}

test("a server that drips byte after byte ends in grpc_timeout", async (t) => {
  const { port } = await serveBytes(t, (socket) => {
    socket.write(settings);
    const drip = (): void => {
      if (socket.destroyed) return;
      socket.write(encodeFrame(FRAME.ping, FLAG.ack, 0, Buffer.alloc(8)));
      later(0.02, drip);
    };
    drip();
  });
  const outcome = await check(`127.0.0.1:${port}`, {}, { timeoutSeconds: TIMEOUT_SECONDS });
  assert.equal(reasonOf(outcome), "grpc_timeout");
});

test("a server of HTTP/1.1 alone is no server of gRPC", async (t) => {
  const { port } = await serveHttp(t, (_request, response) => response.end("here"));
  const outcome = await check(`127.0.0.1:${port}`);
  assert.ok(["grpc_protocol", "dialogue_closed"].includes(reasonOf(outcome)));
  assert.equal(outcome.facts.statusCode, 14);
});

test("a status message of a megabyte is cut, and comes in one line", async (t) => {
  const long = `${"a".repeat(60)}%0A${"b".repeat(100_000)}`;
  const { port } = await serveCalls(t, (stream) => {
    answer(stream, serving(1), { "grpc-status": "13", "grpc-message": long });
  });
  const outcome = await check(`127.0.0.1:${port}`);
  assert.ok(outcome.kind === "failed" && outcome.detail.length < 300);
  assert.doesNotMatch(outcome.detail, /\n/);
});

const randomFrame = fc.oneof(
  fc.constantFrom(
    settings,
    head,
    trailers,
    data(serving(1)),
    data(serving(2), FLAG.endStream),
    data(prefix(0, 70_000)),
    encodeFrame(FRAME.goaway, 0, 0, Buffer.alloc(8)),
    FRAMES.reset(0),
    headers({ ":status": "500" }),
  ),
  fc
    .tuple(fc.nat(12), fc.nat(255), fc.nat(3), fc.uint8Array({ maxLength: 12 }))
    .map(([type, flags, stream, payload]) => encodeFrame(type, flags, stream, payload)),
);

test("whatever frames a server answers with, the probe ends in one of the known ways", async (t) => {
  let frames: readonly Buffer[] = [];
  const { port } = await serveBytes(t, (socket) => {
    for (const frame of frames) socket.write(frame);
    socket.end();
  });
  await fc.assert(
    fc.asyncProperty(fc.array(randomFrame, { maxLength: 10 }), async (chosen) => {
      frames = chosen;
      const outcome = await check(`127.0.0.1:${port}`);
      assert.ok(ENDINGS.has(reasonOf(outcome)));
      assert.equal(reasonOf(outcome) === "succeeded", outcome.facts.servingStatus === "SERVING");
    }),
    { numRuns: RUNS },
  );
});
