import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";
import { until } from "../../support/until.ts";
import { later, reasonOf } from "../lab.ts";
import { ask, detailOf, framed, serveStream, serveUdp } from "./servers.ts";
import { answerTo, bytes, hex, message, pointer, question, record, string, u16 } from "./wire.ts";

const GOOD = record({ type: 1, data: hex("7f000001") });
const good = (query: Buffer): Buffer => answerTo(query, { answer: [GOOD] });
const CLOSED = { deadlineSeconds: 10, what: "the connection to be closed" };
const overTcp = { transport_protocol: "tcp" };

/** What is not for the question is passed over, and the answer behind it is taken. */
const passedOver: readonly { name: string; first: (query: Buffer) => Buffer; why: string }[] = [
  {
    name: "an answer with another id",
    first: (query) => answerTo(query, { id: query.readUInt16BE(0) ^ 1, flags: 0x8183 }),
    why: "its id is not that of the question",
  },
  {
    name: "an answer to another question",
    first: (query) =>
      answerTo(query, { flags: 0x8183, questions: [question("other.example", 255)] }),
    why: "it answers another question",
  },
  { name: "the question itself", first: (query) => query, why: "it is a question and no answer" },
  {
    name: "nothing at all",
    first: () => Buffer.alloc(0),
    why: "its id is not that of the question",
  },
  {
    name: "one byte",
    first: (query) => query.subarray(0, 1),
    why: "its id is not that of the question",
  },
  {
    name: "garbage with another id",
    first: (query) => bytes(u16(query.readUInt16BE(0) ^ 0xffff), Buffer.alloc(60, 0xff)),
    why: "its id is not that of the question",
  },
];

for (const { name, first, why } of passedOver) {
  test(`${name} over UDP is passed over`, async (t) => {
    const { port } = await serveUdp(t, (query, send) => {
      send(first(query));
      send(good(query));
    });
    const outcome = await ask(`127.0.0.1:${port}`, {}, { isDebug: true });
    assert.equal(detailOf(outcome), "succeeded");
    assert.equal(outcome.facts.sections?.answer, 1);
    const ignored = outcome.log.filter(({ message: text }) => text === "Ignored a datagram");
    assert.deepEqual(
      ignored.map(({ fields }) => fields["why"]),
      [why],
    );
  });
}

for (const { name, first } of passedOver) {
  if (name === "nothing at all" || name === "one byte") continue;
  test(`${name} over TCP ends in query_malformed`, async (t) => {
    const { port } = await serveStream(t, (query, socket) => {
      socket.write(framed(first(query)));
      socket.write(framed(good(query)));
    });
    const outcome = await ask(`127.0.0.1:${port}`, overTcp);
    assert.equal(reasonOf(outcome), "query_malformed");
  });
}

test("an answer from another port of the server does not arrive", async (t) => {
  const stranger = createSocket("udp4");
  stranger.bind(0, "127.0.0.1");
  await once(stranger, "listening");
  t.after(() => stranger.close());
  const { port } = await serveUdp(t, (query, send, from) => {
    const false_ = answerTo(query, { flags: 0x8183 });
    stranger.send(false_, from.port, from.address, () => send(good(query)));
  });
  const outcome = await ask(`127.0.0.1:${port}`);
  assert.equal(detailOf(outcome), "succeeded");
});

test("an answer from another address does not arrive", async (t) => {
  const stranger = createSocket("udp4");
  stranger.bind(0, "127.0.0.2");
  await once(stranger, "listening");
  t.after(() => stranger.close());
  const { port } = await serveUdp(t, (query, _send, from) => {
    stranger.send(good(query), from.port, from.address, () => {});
  });
  const outcome = await ask(`127.0.0.1:${port}`, {}, { timeoutSeconds: 0.5 });
  assert.equal(reasonOf(outcome), "query_timeout");
});

test("of two answers the first is taken", async (t) => {
  const udp = await serveUdp(t, (query, send) => {
    send(answerTo(query, { flags: 0x8183 }));
    send(good(query));
  });
  const tcp = await serveStream(t, (query, socket) => {
    socket.write(bytes(framed(answerTo(query, { flags: 0x8183 })), framed(good(query))));
  });
  for (const [port, dns] of [
    [udp.port, {}],
    [tcp.port, overTcp],
  ] as const) {
    assert.equal(
      detailOf(await ask(`127.0.0.1:${port}`, dns)),
      "the server answered NXDOMAIN, wanted NOERROR",
    );
  }
});

const malformed: readonly { name: string; answer: (query: Buffer) => Buffer }[] = [
  { name: "a header alone that is cut off", answer: (query) => query.subarray(0, 11) },
  {
    name: "a loop of pointers",
    answer: (query) =>
      message({ id: query.readUInt16BE(0), counts: [0, 1, 0, 0], answer: [bytes(pointer(12))] }),
  },
  {
    name: "a record longer than the message",
    answer: (query) =>
      answerTo(query, { answer: [record({ type: 16, data: string("x"), dataBytes: 65_535 })] }),
  },
  {
    name: "an address of five bytes",
    answer: (query) => answerTo(query, { answer: [record({ type: 1, data: hex("7f00000100") })] }),
  },
];

for (const { name, answer } of malformed) {
  test(`${name} ends in query_malformed over UDP and TCP`, async (t) => {
    const udp = await serveUdp(t, (query, send) => send(answer(query)));
    const tcp = await serveStream(t, (query, socket) => void socket.write(framed(answer(query))));
    assert.equal(reasonOf(await ask(`127.0.0.1:${udp.port}`)), "query_malformed");
    assert.equal(reasonOf(await ask(`127.0.0.1:${tcp.port}`, overTcp)), "query_malformed");
  });
}

test("a datagram of more than 512 bytes is cut there, a message over TCP is not", async (t) => {
  const large = (query: Buffer): Buffer =>
    answerTo(query, { answer: Array.from({ length: 30 }, () => GOOD) });
  const udp = await serveUdp(t, (query, send) => send(large(query)));
  const tcp = await serveStream(t, (query, socket) => void socket.write(framed(large(query))));
  assert.equal(reasonOf(await ask(`127.0.0.1:${udp.port}`)), "query_malformed");
  const outcome = await ask(`127.0.0.1:${tcp.port}`, overTcp);
  assert.equal(detailOf(outcome), "succeeded");
  assert.equal(outcome.facts.sections?.answer, 30);
});

test("the longest message there is can be read over TCP", async (t) => {
  const { port } = await serveStream(t, (query, socket) => {
    const start = answerTo(query);
    const rest = 65_535 - start.length;
    const text = record({
      type: 65_280,
      data: Buffer.alloc(rest - record({ type: 65_280, data: [] }).length),
    });
    socket.write(framed(answerTo(query, { answer: [text] })));
  });
  const outcome = await ask(`127.0.0.1:${port}`, overTcp);
  assert.equal(detailOf(outcome), "succeeded");
  assert.equal(outcome.facts.sections?.answer, 1);
});

test("a message that comes byte by byte is put together", async (t) => {
  const { port } = await serveStream(t, (query, socket) => {
    socket.setNoDelay(true);
    const all = framed(good(query));
    const drip = (at: number): void => {
      if (at < all.length) socket.write(all.subarray(at, at + 1), () => setImmediate(drip, at + 1));
    };
    drip(0);
  });
  assert.equal(detailOf(await ask(`127.0.0.1:${port}`, overTcp)), "succeeded");
});

const cuts: readonly { name: string; bytes: (query: Buffer) => Buffer; why: RegExp }[] = [
  { name: "at once", bytes: () => Buffer.alloc(0), why: /before an answer came/ },
  { name: "after half a length", bytes: () => hex("00"), why: /before the answer was whole/ },
  {
    name: "in the middle of the answer",
    bytes: (query) => framed(good(query)).subarray(0, 20),
    why: /before the answer was whole/,
  },
  {
    name: "before a length that lies",
    bytes: (query) => bytes(u16(65_535), good(query)),
    why: /before the answer was whole/,
  },
];

for (const { name, bytes: said, why } of cuts) {
  test(`a server that closes the connection ${name} ends in dialogue_closed`, async (t) => {
    const { port } = await serveStream(t, (query, socket) => void socket.end(said(query)));
    const outcome = await ask(`127.0.0.1:${port}`, overTcp);
    assert.equal(reasonOf(outcome), "dialogue_closed");
    assert.match(detailOf(outcome), why);
  });
}

test("a message of length 0 ends in query_malformed", async (t) => {
  const { port } = await serveStream(t, (_query, socket) => void socket.write(hex("0000")));
  assert.equal(reasonOf(await ask(`127.0.0.1:${port}`, overTcp)), "query_malformed");
});

test("a server that drips for ever is cut at the deadline, and its connection with it", async (t) => {
  const { port, sockets } = await serveStream(t, (_query, socket) => {
    socket.write(hex("ffff"));
    const drip = (): void => {
      if (socket.destroyed) return;
      socket.write(hex("00"));
      later(0.02, drip);
    };
    drip();
  });
  const outcome = await ask(`127.0.0.1:${port}`, overTcp, { timeoutSeconds: 0.3 });
  assert.equal(reasonOf(outcome), "query_timeout");
  await until(() => sockets.size === 0, CLOSED);
});

test("a server that floods over UDP is cut at the deadline", async (t) => {
  const { port } = await serveUdp(t, (query, send) => {
    const wrong = answerTo(query, { id: query.readUInt16BE(0) ^ 1 });
    for (let count = 0; count < 100; count += 1) send(wrong);
  });
  const outcome = await ask(`127.0.0.1:${port}`, {}, { timeoutSeconds: 0.3 });
  assert.equal(reasonOf(outcome), "query_timeout");
});

test("the connection of every ending is closed by the probe", async (t) => {
  const { port, sockets } = await serveStream(
    t,
    (query, socket) => void socket.write(framed(good(query))),
  );
  assert.equal(detailOf(await ask(`127.0.0.1:${port}`, overTcp)), "succeeded");
  await until(() => sockets.size === 0, CLOSED);
  const broken = await serveStream(t, (_query, socket) => void socket.write(hex("0001 00")));
  assert.equal(reasonOf(await ask(`127.0.0.1:${broken.port}`, overTcp)), "query_malformed");
  await until(() => broken.sockets.size === 0, CLOSED);
});

test("an answer whose text is looked at by a slow pattern ends all the same", async (t) => {
  const long = string("a".repeat(255));
  const { port } = await serveStream(t, (query, socket) => {
    const answer = Array.from({ length: 200 }, () => record({ type: 16, data: long }));
    socket.write(framed(answerTo(query, { answer })));
  });
  const rules = { fail_if_matches_regexp: ["(a*)*b", "(a|aa)+$x"] };
  const outcome = await ask(`127.0.0.1:${port}`, { ...overTcp, validate_answer_rrs: rules });
  assert.equal(detailOf(outcome), "succeeded");
});
