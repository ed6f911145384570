/**
 * The process of the clients: raw sockets that ask one path again and again over kept connections, so that the asking
 * costs little and none of it is counted for who is asked.
 */

import { connect, type Socket } from "node:net";
import { quantile } from "../accuracy/statistics.ts";
import type { LoadOrder, LoadResult } from "./messages.ts";

const END_OF_HEAD = Buffer.from("\r\n\r\n");
const LAST_CHUNK = Buffer.from("\r\n0\r\n\r\n");
const SUCCEEDED = Buffer.from("\nprobe_success 1\n");
const MAX_ANSWER_BYTES = 1_000_000;

class Client {
  readonly #socket: Socket;
  readonly #request: Buffer;
  #answer: Buffer = Buffer.alloc(0);
  #onAnswer: (isGood: boolean) => void = () => {};

  constructor({ port, path }: LoadOrder) {
    this.#request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true });
    this.#socket.on("data", (chunk: Buffer) => this.#take(chunk));
    this.#socket.on("error", fail);
  }

  ask(onAnswer: (isGood: boolean) => void): void {
    this.#onAnswer = onAnswer;
    this.#socket.write(this.#request);
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#answer = this.#answer.length === 0 ? chunk : Buffer.concat([this.#answer, chunk]);
    if (!isWhole(this.#answer)) return;
    const answer = this.#answer;
    this.#answer = Buffer.alloc(0);
    this.#onAnswer(isGood(answer));
  }
}

function isGood(answer: Buffer): boolean {
  if (answer.toString("latin1", 9, 12) !== "200") return false;
  // The end of a chunk may lie within the line.
  return answer.includes(SUCCEEDED) || withoutChunks(answer).includes("\nprobe_success 1\n");
}

/** The body of an answer in chunks. @see RFC 9112 section 7.1 */
function withoutChunks(answer: Buffer): string {
  let rest = answer.toString("latin1", answer.indexOf(END_OF_HEAD) + END_OF_HEAD.length);
  let body = "";
  for (
    let size = /^([0-9a-f]+)\r\n/i.exec(rest);
    size !== null;
    size = /^([0-9a-f]+)\r\n/i.exec(rest)
  ) {
    const [line, digits = ""] = size;
    const end = line.length + Number.parseInt(digits, 16);
    body += rest.slice(line.length, end);
    rest = rest.slice(end + 2);
  }
  return body;
}

/** By its length, or by its last chunk: Go's server uses either. */
function isWhole(answer: Buffer): boolean {
  if (answer.length > MAX_ANSWER_BYTES) throw new Error("Cannot go on: the answer is endless");
  const headEnd = answer.indexOf(END_OF_HEAD);
  if (headEnd < 0) return false;
  const head = answer.toString("latin1", 0, headEnd);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) return answer.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK);
  return answer.length >= headEnd + END_OF_HEAD.length + Number(length);
}

function now(): number {
  return performance.now() / 1000;
}

async function load(order: LoadOrder): Promise<LoadResult> {
  const free = Array.from({ length: order.clients }, () => new Client(order));
  const clients = [...free];
  const latencies: number[] = [];
  let failures = 0;
  let inFlight = 0;
  const begun = now();
  const end = begun + order.seconds;
  let asked = 0;

  await new Promise<void>((resolve) => {
    const isOver = (): boolean => now() >= end;
    const settle = (): void => {
      if (isOver() && inFlight === 0) resolve();
    };
    const ask = (client: Client, dueSeconds: number): void => {
      inFlight += 1;
      asked += 1;
      client.ask((isGood) => {
        inFlight -= 1;
        if (!isGood) failures += 1;
        latencies.push(now() - dueSeconds);
        free.push(client);
        next();
        settle();
      });
    };
    const next = (): void => {
      while (free.length > 0 && !isOver()) {
        const current = now();
        const due = order.perSecond === undefined ? current : begun + asked / order.perSecond;
        if (due > current) return;
        const client = free.pop();
        if (client === undefined) return;
        // A timer is late by a millisecond; only the waiting for a client is the fault of who is asked.
        ask(client, free.length === 0 && order.perSecond !== undefined ? due : current);
      }
    };
    if (order.perSecond !== undefined) {
      const timer = setInterval(() => {
        next();
        if (isOver()) clearInterval(timer);
        settle();
      }, 1);
    }
    next();
    setTimeout(settle, order.seconds * 1000 + 1);
  });
  const seconds = now() - begun;
  for (const client of clients) client.close();
  return {
    answers: latencies.length,
    failures,
    seconds,
    p50Seconds: quantile(latencies, 0.5),
    p99Seconds: quantile(latencies, 0.99),
  };
}

function fail(error: unknown): void {
  console.error(error);
  process.exit(1);
}

process.on("message", (order: LoadOrder) => {
  load(order).then((result) => process.send?.(result), fail);
});
// Its parent's end is its own.
process.on("disconnect", () => process.exit(0));
