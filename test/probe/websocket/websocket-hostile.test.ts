import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { FAILURE_REASONS } from "../../../src/probe/prober.ts";
import { later, reasonOf, serveRaw } from "../lab.ts";
import {
  frame,
  OPCODE,
  serveFrames,
  serveWebsocket,
  upgrade,
  upgradeHead,
} from "./websocket-lab.ts";

const RUNS = 60;
const ENDINGS: ReadonlySet<string> = new Set(["succeeded", ...FAILURE_REASONS]);
/** For the tests that meet their deadline. */
const TIMEOUT_SECONDS = 0.3;
const EXPECT = { query_response: [{ expect: "^hello$" }] };

/** Probes a server that upgrades and then sends these bytes. */
async function hear(t: TestContext, bytes: Uint8Array, isEnded = true) {
  const { port } = await serveFrames(t, (socket) => {
    if (isEnded) socket.end(bytes);
    else socket.write(bytes);
  });
  return await upgrade(`ws://127.0.0.1:${port}`, EXPECT);
}

test("fragments are one message, with pings and pongs between them", async (t) => {
  const bytes = Buffer.concat([
    frame(OPCODE.ping, ""),
    frame(OPCODE.text, "he", false),
    frame(OPCODE.ping, "are you there"),
    frame(OPCODE.continuation, "l", false),
    frame(OPCODE.pong, "unasked"),
    frame(OPCODE.continuation, "lo"),
  ]);
  assert.equal(reasonOf(await hear(t, bytes)), "succeeded");
});

test("a message byte after byte is the same message", async (t) => {
  const { port } = await serveFrames(t, (socket) => {
    for (const byte of frame(OPCODE.text, "hello")) socket.write(Buffer.of(byte));
  });
  assert.equal(reasonOf(await upgrade(`ws://127.0.0.1:${port}`, EXPECT)), "succeeded");
});

test("a message that comes with the answer to the handshake is heard", async (t) => {
  const { port } = await serveRaw(t, (socket, head) => {
    socket.write(Buffer.concat([Buffer.from(upgradeHead(head)), frame(OPCODE.text, "hello")]));
  });
  assert.equal(reasonOf(await upgrade(`ws://127.0.0.1:${port}`, EXPECT)), "succeeded");
});

const masked = Buffer.concat([Buffer.of(0x81, 0x85, 1, 2, 3, 4), Buffer.from("iglhn")]);
const longLength = (bytes: number): Buffer => {
  const header = Buffer.of(0x81, 127, 0, 0, 0, 0, 0, 0, 0, 0);
  header.writeBigUInt64BE(BigInt(bytes), 2);
  return header;
};

const offences: readonly {
  readonly name: string;
  readonly bytes: Buffer;
  readonly reason: string;
}[] = [
  { name: "a masked frame", bytes: masked, reason: "websocket_protocol" },
  { name: "an opcode that is none", bytes: frame(3, "hello"), reason: "websocket_protocol" },
  { name: "a reserved bit", bytes: Buffer.of(0xc1, 0), reason: "websocket_protocol" },
  {
    name: "a continuation of nothing",
    bytes: frame(OPCODE.continuation, "hello"),
    reason: "websocket_protocol",
  },
  {
    name: "a message within a message",
    bytes: Buffer.concat([frame(OPCODE.text, "he", false), frame(OPCODE.text, "hello")]),
    reason: "websocket_protocol",
  },
  {
    name: "a ping in fragments",
    bytes: frame(OPCODE.ping, "a", false),
    reason: "websocket_protocol",
  },
  {
    name: "a text that is no UTF-8",
    bytes: Buffer.of(0x81, 2, 0xc3, 0x28),
    reason: "websocket_protocol",
  },
  {
    name: "a close with a code that is none",
    bytes: Buffer.of(0x88, 2, 0, 1),
    reason: "websocket_protocol",
  },
  { name: "a close without a code", bytes: frame(OPCODE.close, ""), reason: "dialogue_closed" },
  { name: "the end of the connection", bytes: Buffer.alloc(0), reason: "dialogue_closed" },
  {
    name: "the end in the middle of a frame",
    bytes: frame(OPCODE.text, "hello").subarray(0, 4),
    reason: "dialogue_closed",
  },
  { name: "a frame of two megabytes", bytes: longLength(2 ** 21), reason: "expect_too_large" },
  { name: "a frame of exabytes", bytes: longLength(2 ** 60), reason: "expect_too_large" },
];

for (const { name, bytes, reason } of offences) {
  test(`${name} ends in ${reason}`, async (t) => {
    const outcome = await hear(t, bytes);
    assert.equal(reasonOf(outcome), reason);
    assert.equal(outcome.facts.isUpgraded, true);
  });
}

test("fragments beyond a megabyte together are too large", async (t) => {
  const { port } = await serveWebsocket(t, (peer) => {
    for (let count = 0; count < 40; count += 1) peer.send("a".repeat(40_000), { fin: false });
  });
  const outcome = await upgrade(`ws://127.0.0.1:${port}`, EXPECT);
  assert.equal(reasonOf(outcome), "expect_too_large");
});

test("a message of just a megabyte is taken", async (t) => {
  const { port } = await serveWebsocket(t, (peer) => peer.send("a".repeat(2 ** 20)));
  const outcome = await upgrade(`ws://127.0.0.1:${port}`, { query_response: [{ expect: "^aaa" }] });
  assert.equal(reasonOf(outcome), "succeeded");
});

const handshakes: readonly {
  readonly name: string;
  readonly answer: (head: string) => string;
  readonly reason: string;
  readonly statusCode: number;
}[] = [
  {
    name: "another accept",
    answer: (head) =>
      upgradeHead(head).replace(/Accept: \S+/, "Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    reason: "websocket_upgrade",
    statusCode: 101,
  },
  {
    name: "no accept",
    answer: (head) => upgradeHead(head).replace(/Sec-WebSocket-Accept: \S+\r\n/, ""),
    reason: "websocket_upgrade",
    statusCode: 101,
  },
  {
    name: "an upgrade to something else",
    answer: (head) => upgradeHead(head).replace("Upgrade: websocket", "Upgrade: h2c"),
    reason: "websocket_upgrade",
    statusCode: 101,
  },
  {
    name: "101 without an upgrade",
    answer: () => "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    reason: "websocket_upgrade",
    statusCode: 101,
  },
  {
    name: "an extension that nobody offered",
    answer: (head) => upgradeHead(head, "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
    reason: "websocket_upgrade",
    statusCode: 101,
  },
  {
    name: "a subprotocol that nobody offered",
    answer: (head) => upgradeHead(head, "Sec-WebSocket-Protocol: chat\r\n"),
    reason: "websocket_upgrade",
    statusCode: 101,
  },
  {
    name: "no HTTP",
    answer: () => "SSH-2.0-here\r\n\r\n",
    reason: "http_protocol",
    statusCode: 0,
  },
  {
    name: "a head without end",
    answer: () => `HTTP/1.1 101 Yes\r\n${`a: ${"b".repeat(1_000)}\r\n`.repeat(100)}`,
    reason: "http_protocol",
    statusCode: 0,
  },
  { name: "nothing", answer: () => "", reason: "http_closed", statusCode: 0 },
];

for (const { name, answer, reason, statusCode } of handshakes) {
  test(`${name} for an answer to the handshake ends in ${reason}`, async (t) => {
    const { port } = await serveRaw(t, (socket, head) => socket.end(answer(head)));
    const outcome = await upgrade(`ws://127.0.0.1:${port}`, EXPECT);
    assert.equal(reasonOf(outcome), reason);
    assert.deepEqual(
      [outcome.facts.statusCode, outcome.facts.isUpgraded, outcome.facts.isFailedByRegexp],
      [statusCode, false, false],
    );
  });
}

const drips: readonly {
  readonly name: string;
  readonly begin: (head: string) => string;
  readonly drop: string;
  readonly reason: string;
}[] = [
  {
    name: "a handshake",
    begin: () => "HTTP/1.1 101 Yes\r\na: ",
    drop: "b",
    reason: "http_header_timeout",
  },
  {
    name: "interim answers",
    begin: () => "",
    drop: "HTTP/1.1 103 Early\r\n\r\n",
    reason: "http_header_timeout",
  },
  {
    name: "a message",
    begin: (head) => `${upgradeHead(head)}\x01\x7d`,
    drop: "a",
    reason: "expect_timeout",
  },
  {
    name: "pings",
    begin: upgradeHead,
    drop: "\x89\x00",
    reason: "expect_timeout",
  },
];

for (const { name, begin, drop, reason } of drips) {
  test(`${name} drop by drop ends by the deadline in ${reason}`, async (t) => {
    const { port } = await serveRaw(t, (socket, head) => {
      socket.write(begin(head), "latin1");
      const drip = (): void => {
        if (socket.destroyed) return;
        socket.write(drop, "latin1");
        later(0.02, drip);
      };
      drip();
    });
    const more = { timeoutSeconds: TIMEOUT_SECONDS };
    const outcome = await upgrade(`ws://127.0.0.1:${port}`, EXPECT, more);
    assert.equal(reasonOf(outcome), reason);
  });
}

test("a flood of pings ends by the deadline or before", async (t) => {
  const pings = Buffer.concat(Array<Buffer>(5_000).fill(frame(OPCODE.ping, "x".repeat(100))));
  const { port } = await serveFrames(t, (socket) => {
    const more = (): void => {
      if (!socket.destroyed) socket.write(pings, more);
    };
    more();
  });
  const more = { timeoutSeconds: TIMEOUT_SECONDS };
  const outcome = await upgrade(`ws://127.0.0.1:${port}`, EXPECT, more);
  assert.ok(["expect_timeout", "dialogue_closed"].includes(reasonOf(outcome)));
});

test("a peer that talks and does not read is left when too much waits for it", async (t) => {
  const { port } = await serveFrames(t, (socket) => {
    socket.pause();
    const message = Buffer.concat([Buffer.of(0x81, 126, 0xff, 0xff), Buffer.alloc(65_535, "a")]);
    for (let count = 0; count < 100; count += 1) socket.write(message);
  });
  const step = { expect: "(a+)", send: "${1}".repeat(15) };
  const outcome = await upgrade(`ws://127.0.0.1:${port}`, {
    query_response: Array(100).fill(step),
  });
  assert.equal(reasonOf(outcome), "expect_too_large");
  assert.ok(outcome.kind === "failed" && outcome.detail.includes("does not read"));
});

const fragment = fc.oneof(
  fc
    .tuple(fc.nat(15), fc.boolean(), fc.string({ maxLength: 20 }))
    .map(([opcode, isFinal, text]) => frame(opcode, text.slice(0, 20), isFinal)),
  fc.constant(frame(OPCODE.text, "hello")),
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
);

test("whatever frames a server sends, the probe ends in one of the known ways", async (t) => {
  let frames: readonly Buffer[] = [];
  const { port } = await serveFrames(t, (socket) => socket.end(Buffer.concat(frames)));
  await fc.assert(
    fc.asyncProperty(fc.array(fragment, { maxLength: 8 }), async (chosen) => {
      frames = chosen;
      const outcome = await upgrade(`ws://127.0.0.1:${port}`, EXPECT, { isDebug: true });
      assert.ok(ENDINGS.has(reasonOf(outcome)));
      assert.equal(outcome.facts.isUpgraded, true);
    }),
    { numRuns: RUNS },
  );
});
