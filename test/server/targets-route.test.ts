import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import express, { Router } from "express";
import type { TargetEntry } from "../../src/report/target-list.ts";
import { silentLog } from "../../src/runtime/log.ts";
import { answerError } from "../../src/server/api-answer.ts";
import { createErrorHandler } from "../../src/server/errors.ts";
import { listen } from "../../src/server/listen.ts";
import { mount } from "../../src/server/route.ts";
import { type ListTargets, targetsRoute } from "../../src/server/targets-route.ts";
import { ask, fakeApi, gate, serve } from "./support.ts";

const JSON_TYPE = "application/json; charset=utf-8";
const PATH = "/api/v1/targets";

function entry(number: number): TargetEntry {
  return {
    target: `192.0.2.${number}`,
    module: "icmp",
    group: "core",
    labels: { role: 'a "quoted"\nrole' },
    state: "up",
    reason: undefined,
    detail: undefined,
    reportedBy: undefined,
    address: `192.0.2.${number}`,
    family: "ipv4",
    lastFinishedSeconds: 1_700_000_000.25,
    icmp: {
      echoes: 3,
      lost: 0,
      fast: { echoes: 0, lost: 0, probing: false },
      lossRatio: 0,
      lastRttSeconds: 0.0123,
      jitterSeconds: undefined,
      replyHopLimit: 57,
      lostByReason: {},
    },
  };
}

const manyTargets = (count: number): ListTargets =>
  async function* () {
    for (let number = 1; number <= count; number += 1) yield entry(number);
  };

test("the list of targets is JSON, one target a line, without what is not known", async () => {
  await using server = await serve({ api: fakeApi({ targets: manyTargets(2) }) });
  const answer = await ask(server.port, PATH);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers["content-type"], JSON_TYPE);
  assert.equal(answer.headers["cache-control"], "no-store");
  assert.equal(answer.headers["x-content-type-options"], "nosniff");
  const { targets } = JSON.parse(answer.body);
  assert.equal(targets.length, 2);
  assert.deepEqual(targets[0], {
    target: "192.0.2.1",
    module: "icmp",
    group: "core",
    labels: { role: 'a "quoted"\nrole' },
    state: "up",
    address: "192.0.2.1",
    family: "ipv4",
    lastFinished: "2023-11-14T22:13:20.250Z",
    icmp: {
      echoes: 3,
      lost: 0,
      fast: { echoes: 0, lost: 0, probing: false },
      lossRatio: 0,
      lastRttSeconds: 0.0123,
      replyHopLimit: 57,
      lostByReason: {},
    },
  });
  const lines = answer.body.split("\n").filter((line) => line.includes('"target"'));
  assert.equal(lines.length, 2);
});

test("a failing target says why, and who said so", async () => {
  const targets: ListTargets = async function* () {
    const reason = "host_unreachable";
    const detail = "10.0.0.1 says that the host is unreachable";
    yield { ...entry(1), state: "failing", reason, detail, reportedBy: "10.0.0.1" };
    yield { ...entry(2), state: "failing", reason: "unsent", detail: "no such interface" };
  };
  await using server = await serve({ api: fakeApi({ targets }) });
  const answer = await ask(server.port, PATH);
  const [reported, unsent] = JSON.parse(answer.body).targets;
  assert.deepEqual(
    [reported.reason, reported.detail, reported.reportedBy],
    ["host_unreachable", "10.0.0.1 says that the host is unreachable", "10.0.0.1"],
  );
  assert.equal(unsent.reason, "unsent");
  assert.ok(!Object.hasOwn(unsent, "reportedBy"));
});

test("a list without a target is a list", async () => {
  await using server = await serve();
  const answer = await ask(server.port, PATH);
  assert.deepEqual(JSON.parse(answer.body), { targets: [] });
});

for (const { query, want } of [
  { query: "", want: false },
  { query: "?state=", want: false },
  { query: "?state=failing", want: true },
  { query: "?state=failing&state=up", want: true },
  { query: "?pretty=1&group=core", want: false },
]) {
  test(`the query "${query}" asks for ${want ? "failing" : "all"} targets`, async () => {
    const asked: boolean[] = [];
    const targets: ListTargets = ({ isFailingOnly }, signal) => {
      asked.push(isFailingOnly);
      return manyTargets(1)({ isFailingOnly }, signal);
    };
    await using server = await serve({ api: fakeApi({ targets }) });
    assert.equal((await ask(server.port, `${PATH}${query}`)).status, 200);
    assert.deepEqual(asked, [want]);
  });
}

for (const state of ["up", "FAILING", "failing%00", "a".repeat(4000)]) {
  test(`state=${state.slice(0, 20)} is a 400 that says what to write`, async () => {
    await using server = await serve();
    const answer = await ask(server.port, `${PATH}?state=${state}`);
    assert.equal(answer.status, 400);
    assert.equal(answer.headers["content-type"], JSON_TYPE);
    const { error } = JSON.parse(answer.body);
    assert.match(
      error,
      /^state ".*" is not known: write state=failing for the targets that fail or do not resolve, or leave it out for all$/,
    );
    assert.ok(error.length < 300);
  });
}

test("a list is compressed where the client takes it", async () => {
  await using server = await serve({ api: fakeApi({ targets: manyTargets(2000) }) });
  const headers = { "Accept-Encoding": "gzip" };
  const answer = await ask(server.port, PATH, { headers });
  assert.equal(answer.headers["content-encoding"], "gzip");
  assert.equal(answer.headers.vary, "Accept-Encoding");
  assert.equal(JSON.parse(gunzipSync(answer.bytes).toString()).targets.length, 2000);
});

test("HEAD asks for no target", async () => {
  const targets: ListTargets = () => {
    throw new Error("was asked");
  };
  await using server = await serve({ api: fakeApi({ targets }) });
  const answer = await ask(server.port, PATH, { method: "HEAD" });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers["content-type"], JSON_TYPE);
});

test("a list that fails before its first target is a 500 in one sentence of JSON", async () => {
  const targets: ListTargets = async function* () {
    yield await Promise.reject(new Error("secret"));
  };
  await using server = await serve({ api: fakeApi({ targets }) });
  const answer = await ask(server.port, PATH, { headers: { "Accept-Encoding": "gzip" } });
  assert.equal(answer.status, 500);
  assert.equal(answer.headers["content-type"], JSON_TYPE);
  assert.equal(answer.headers["content-encoding"], undefined);
  assert.deepEqual(JSON.parse(answer.body), {
    error: "the agent failed to answer; its log says why",
  });
});

test("a list that fails in the middle never looks whole", async () => {
  const targets: ListTargets = async function* (options, signal) {
    yield* manyTargets(5000)(options, signal);
    throw new Error("a column is gone");
  };
  await using server = await serve({ api: fakeApi({ targets }) });
  await assert.rejects(ask(server.port, PATH));
});

test("a client that goes away ends its list", async () => {
  const ended = gate();
  const targets: ListTargets = async function* (_options, signal) {
    try {
      for (;;) {
        signal.throwIfAborted();
        yield entry(1);
      }
    } finally {
      ended.open();
    }
  };
  await using server = await serve({ api: fakeApi({ targets }) });
  const socket = connect({ host: "127.0.0.1", port: server.port });
  socket.on("error", () => {});
  socket.write(`GET ${PATH} HTTP/1.1\r\nHost: a\r\n\r\n`);
  socket.once("data", () => socket.destroy());
  await ended.opened;
  assert.equal((await ask(server.port, "/-/healthy")).status, 200);
});

test("a client that never reads to the end is cut off", async () => {
  const ended = gate();
  const endless: ListTargets = async function* () {
    try {
      for (;;) yield entry(1);
    } finally {
      ended.open();
    }
  };
  const router = Router();
  mount(router, [targetsRoute(endless, { maxSeconds: 0.1 })]);
  const handler = express().use(router).use(createErrorHandler(silentLog, answerError));
  const server = await listen({ listenAddresses: ["127.0.0.1:0"], handler, log: silentLog });
  const socket = connect({ host: "127.0.0.1", port: server.addresses[0]?.port ?? 0 });
  socket.on("error", () => {});
  socket.pause();
  socket.write(`GET ${PATH} HTTP/1.1\r\nHost: a\r\n\r\n`);
  await ended.opened;
  socket.destroy();
  await server.close();
});

test("the fifth list at once is turned away and served later", async () => {
  const open = gate();
  const allRun = gate();
  let running = 0;
  const targets: ListTargets = async function* () {
    running += 1;
    if (running === 4) allRun.open();
    await open.opened;
    yield entry(1);
  };
  await using server = await serve({ api: fakeApi({ targets }) });
  const lists = Array.from({ length: 4 }, () => ask(server.port, PATH));
  await allRun.opened;
  const fifth = await ask(server.port, PATH);
  assert.equal(fifth.status, 503);
  assert.equal(fifth.headers["retry-after"], "1");
  assert.match(JSON.parse(fifth.body).error, /^4 lists are being read/);
  open.open();
  for (const { status } of await Promise.all(lists)) assert.equal(status, 200);
  assert.equal((await ask(server.port, PATH)).status, 200);
});
