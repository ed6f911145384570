import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { exchangeHttp1, type PausingSink } from "../../../src/probe/http/http1.ts";
import { Stages } from "../../../src/probe/stages.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { until } from "../../support/until.ts";
import { serveRaw } from "../lab.ts";

const REQUEST = { method: "GET", path: "/", host: "a.example", headers: [], body: undefined };
const BODY_BYTES = 64 * 2 ** 20;
/** What may be on its way when a sink is full: one read of the kernel, and one of the parser. */
const ON_ITS_WAY_BYTES = 512 * 1024;

const WITHIN = { deadlineSeconds: 20, what: "the sink to be full" };

/** A sink that is full from its first chunk on, until it is told otherwise. */
class FullSink implements PausingSink {
  bytes = 0;
  #room: Promise<void> | undefined;
  #open: () => void = () => {};

  readonly onHead = (): boolean => true;
  readonly onData = (chunk: Buffer): boolean => {
    this.bytes += chunk.length;
    if (this.bytes === chunk.length) {
      this.#room = new Promise((resolve) => {
        this.#open = resolve;
      });
    }
    return true;
  };
  readonly room = (): Promise<void> | undefined => this.#room;

  open(): void {
    this.#room = undefined;
    this.#open();
  }
}

async function begin(t: TestContext, answer: (socket: Socket) => void) {
  const server = await serveRaw(t, answer);
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  const sink = new FullSink();
  const stages = new Stages("http", systemClock);
  stages.enter("request");
  const over = exchangeHttp1(socket, REQUEST, sink, stages);
  over.catch(() => {});
  return { socket, sink, over };
}

function sayBody(socket: Socket): void {
  socket.write(`HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${BODY_BYTES}\r\n\r\n`);
  socket.end(Buffer.alloc(BODY_BYTES));
}

test("nothing is read while the sink is full, and all of it afterwards", async (t) => {
  let server: Socket | undefined;
  const { sink, over } = await begin(t, (socket) => {
    server = socket;
    sayBody(socket);
  });
  // The kernel's buffers are full and the server waits when its own stops getting shorter.
  let left = -1;
  await until(() => {
    const isStill = sink.bytes > 0 && server?.writableLength === left;
    left = server?.writableLength ?? -1;
    return isStill;
  }, WITHIN);
  assert.ok(sink.bytes < ON_ITS_WAY_BYTES, `${sink.bytes} bytes`);
  sink.open();
  await over;
  assert.equal(sink.bytes, BODY_BYTES);
});

test("a server that breaks off while the sink is full is an error of the exchange alone", async (t) => {
  const { sink, over } = await begin(t, (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 99\r\n\r\nabc");
    setImmediate(() => socket.resetAndDestroy());
  });
  await until(() => sink.bytes > 0, WITHIN);
  sink.open();
  await assert.rejects(over);
});

test("a probe cut while the sink is full ends its exchange", async (t) => {
  const { socket, sink, over } = await begin(t, sayBody);
  await until(() => sink.bytes > 0, WITHIN);
  socket.destroy();
  await assert.rejects(over);
  sink.open();
});
