import assert from "node:assert/strict";
import { once } from "node:events";
import { get } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import express, { Router } from "express";
import { silentLog } from "../../src/runtime/log.ts";
import { createErrorHandler } from "../../src/server/errors.ts";
import { listen } from "../../src/server/listen.ts";
import { metricsRoute, type WriteMetrics } from "../../src/server/metrics-routes.ts";
import { mount } from "../../src/server/route.ts";
import { ask, gate, serve } from "./support.ts";

const TEXT = "text/plain; version=0.0.4; charset=utf-8";

/** Numbered lines, `chunkCount` chunks of some 40 kB: far more than the buffers on the way. */
function manyLines(chunkCount: number): { readonly write: WriteMetrics; readonly text: string } {
  const chunk = (at: number) => `a_metric{chunk="${at}"} ${"1234567890".repeat(4000)}\n`;
  const chunks = Array.from({ length: chunkCount }, (_, at) => chunk(at));
  return {
    text: chunks.join(""),
    write: async (sink) => {
      for (const text of chunks) await sink.write(text);
    },
  };
}

const encodings = [
  { accept: undefined, want: undefined },
  { accept: "gzip", want: "gzip" },
  { accept: "gzip;q=1.0, *;q=0.5", want: "gzip" },
  { accept: "deflate, gzip", want: "gzip" },
  { accept: "gzip;q=0", want: undefined },
  { accept: "identity", want: undefined },
  { accept: "br", want: undefined },
  { accept: ";;q=,", want: undefined },
] as const;

for (const { accept, want } of encodings) {
  test(`/metrics answers Accept-Encoding ${accept} with ${want ?? "plain text"}`, async () => {
    const { write, text } = manyLines(30);
    await using server = await serve({ metrics: write });
    const headers: Record<string, string> =
      accept === undefined ? {} : { "Accept-Encoding": accept };
    const answer = await ask(server.port, "/metrics", { headers });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["content-type"], TEXT);
    assert.equal(answer.headers["content-encoding"], want);
    assert.equal(answer.headers.vary, "Accept-Encoding");
    const plain = want === "gzip" ? gunzipSync(answer.bytes) : answer.bytes;
    assert.equal(plain.toString(), text);
  });
}

test("/metrics answers HEAD without writing a line", async () => {
  const metrics: WriteMetrics = () => Promise.reject(new Error("was asked"));
  await using server = await serve({ metrics });
  const answer = await ask(server.port, "/metrics", { method: "HEAD" });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers["content-type"], TEXT);
  assert.equal(answer.body, "");
});

test("/metrics of an agent without a series is empty", async () => {
  await using server = await serve({ metrics: async () => {} });
  const answer = await ask(server.port, "/metrics");
  assert.equal(answer.status, 200);
  assert.equal(answer.headers["content-type"], TEXT);
  assert.equal(answer.body, "");
});

test("/metrics makes the writer wait for a client that does not read, and ends it when it goes", async () => {
  const waiting = gate();
  const ended = gate();
  let writtenBytes = 0;
  const metrics: WriteMetrics = async (sink, signal) => {
    const chunk = "a_metric 1\n".repeat(10_000);
    try {
      for (;;) {
        const wait = sink.write(chunk);
        writtenBytes += chunk.length;
        if (writtenBytes > 2 ** 30) throw new Error("nobody made the writer wait");
        if (wait === undefined) continue;
        const isStuck = await Promise.race([
          wait.then(() => false),
          new Promise<boolean>((resolve) => setTimeout(resolve, 50, true)),
        ]);
        if (isStuck) waiting.open();
        await wait;
      }
    } finally {
      assert.equal(signal.aborted, true);
      ended.open();
    }
  };
  await using server = await serve({ metrics });
  const socket = connect({ host: "127.0.0.1", port: server.port });
  socket.pause();
  socket.write("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  await waiting.opened;
  socket.destroy();
  await ended.opened;
});

for (const accept of ["identity", "gzip"]) {
  test(`a client that goes away in the middle of ${accept} aborts the writer's signal`, async () => {
    const begun = gate();
    const aborted = gate();
    const metrics: WriteMetrics = async (sink, signal) => {
      signal.addEventListener("abort", () => aborted.open());
      await sink.write("a_metric 1\n");
      begun.open();
      await aborted.opened;
      // A writer that has not looked yet must do no harm.
      void Promise.resolve(sink.write("a_metric 2\n")).catch(() => {});
      signal.throwIfAborted();
    };
    await using server = await serve({ metrics });
    const headers = { "Accept-Encoding": accept };
    const sent = get({ host: "127.0.0.1", port: server.port, path: "/metrics", headers });
    sent.on("error", () => {});
    await begun.opened;
    sent.destroy();
    await aborted.opened;
    const after = await ask(server.port, "/-/healthy");
    assert.equal(after.status, 200);
  });
}

test("/metrics that fails before its first line is a 500 in one sentence", async () => {
  await using server = await serve({ metrics: () => Promise.reject(new Error("secret")) });
  const answer = await ask(server.port, "/metrics", { headers: { "Accept-Encoding": "gzip" } });
  assert.equal(answer.status, 500);
  assert.equal(answer.headers["content-encoding"], undefined);
  assert.equal(answer.body, "the agent failed to answer; its log says why\n");
});

for (const accept of ["identity", "gzip"]) {
  test(`/metrics that fails in the middle of ${accept} never looks whole`, async () => {
    const logged: string[] = [];
    const log = { ...silentLog, error: (message: string) => logged.push(message) };
    const { write } = manyLines(30);
    const metrics: WriteMetrics = async (sink, signal) => {
      await write(sink, signal);
      throw new Error("a column is gone");
    };
    await using server = await serve({ metrics, log });
    const asked = ask(server.port, "/metrics", { headers: { "Accept-Encoding": accept } });
    const outcome = await asked.then(
      ({ status }) => status,
      () => "cut",
    );
    // What gzip still held back leaves room for a clean 500; plain text has left by then.
    assert.ok(outcome === "cut" || (accept === "gzip" && outcome === 500), String(outcome));
    assert.deepEqual(logged, ["Cannot answer a request"]);
  });
}

test("/metrics gives up on a client that never reads to the end", async () => {
  const ended = gate();
  const router = Router();
  const endless: WriteMetrics = async (sink) => {
    try {
      for (;;) await sink.write("a_metric 1\n".repeat(10_000));
    } finally {
      ended.open();
    }
  };
  mount(router, [metricsRoute(endless, { maxSeconds: 0.1 })]);
  const handler = express().use(router).use(createErrorHandler(silentLog));
  const listenAddresses = ["127.0.0.1:0"];
  const server = await listen({ listenAddresses, handler, log: silentLog });
  const socket = connect({ host: "127.0.0.1", port: server.addresses[0]?.port ?? 0 });
  socket.on("error", () => {});
  socket.pause();
  socket.write("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  await ended.opened;
  socket.destroy();
  await server.close();
});

test("/metrics turns the ninth scrape at once away and serves it later", async () => {
  const open = gate();
  let running = 0;
  const allRun = gate();
  const metrics: WriteMetrics = async (sink) => {
    running += 1;
    if (running === 8) allRun.open();
    await open.opened;
    await sink.write("a_metric 1\n");
  };
  await using server = await serve({ metrics });
  const scrapes = Array.from({ length: 8 }, () => ask(server.port, "/metrics"));
  await allRun.opened;
  const ninth = await ask(server.port, "/metrics");
  assert.equal(ninth.status, 503);
  assert.equal(ninth.headers["retry-after"], "1");
  open.open();
  for (const { status } of await Promise.all(scrapes)) assert.equal(status, 200);
  assert.equal((await ask(server.port, "/metrics")).status, 200);
});

test("/metrics reuses a connection for the next scrape", async () => {
  await using server = await serve();
  const socket = connect({ host: "127.0.0.1", port: server.port });
  let received = "";
  socket.setEncoding("utf8");
  for (let scrape = 1; scrape <= 3; scrape += 1) {
    socket.write("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    while (received.split("0\r\n\r\n").length - 1 < scrape) {
      const [chunk] = await once(socket, "data");
      received += String(chunk);
    }
  }
  assert.equal(received.split("sounder_build_info 1").length - 1, 3);
  socket.destroy();
});
