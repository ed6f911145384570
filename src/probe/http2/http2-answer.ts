import { announcedLength, hasNoBody, headerLists, MAX_HEAD_BYTES } from "../exchange.ts";
import type { StageClock } from "../stages.ts";
import { type HeaderField, HpackDecoder } from "./hpack.ts";
import { Http2Error } from "./http2-errors.ts";
import { contentOf, FLAG, FRAME, type Frame } from "./http2-frames.ts";
import type { Http2Sink } from "./http2-request.ts";

/** Frames one head may be cut into; empty ones cost a peer nothing. */
const MAX_HEAD_FRAMES = 1_000;

/** The answer on one stream: interim heads, the head, the body, perhaps trailers. RFC 9113 section 8.1 */
export class Http2Answer {
  readonly #method: string;
  readonly #sink: Http2Sink;
  readonly #stages: StageClock;
  readonly #hpack = new HpackDecoder({ maxListBytes: MAX_HEAD_BYTES });
  #state: "head" | "body" | "over" = "head";
  /** Parts of a head whose end has not come. */
  #parts: Buffer[] | undefined;
  #partsBytes = 0;
  #isLastHead = false;
  #announcedBytes = -1;
  #bodyBytes = 0;

  constructor(method: string, sink: Http2Sink, stages: StageClock) {
    this.#method = method;
    this.#sink = sink;
    this.#stages = stages;
  }

  /** Nothing may come between the parts of a head (RFC 9113 section 6.10). */
  expect(type: number): void {
    if ((this.#parts !== undefined) === (type === FRAME.continuation)) return;
    const where = this.#parts === undefined ? "outside" : "within";
    throw new Http2Error(`a frame of type ${type} ${where} a head`);
  }

  /** Takes HEADERS or CONTINUATION. @returns whether the answer is over, or no more of it wanted. */
  addHead(frame: Frame): boolean {
    const isFirst = frame.type === FRAME.headers;
    if (isFirst) this.#isLastHead = (frame.flags & FLAG.endStream) !== 0;
    const parts = this.#parts ?? [];
    const part = isFirst ? contentOf(frame) : frame.payload;
    this.#parts = parts;
    this.#partsBytes += part.length;
    if (this.#partsBytes > MAX_HEAD_BYTES || parts.length >= MAX_HEAD_FRAMES) {
      throw new Http2Error("a head too large");
    }
    // A copy: the frame's bytes are good for this call alone.
    parts.push(Buffer.from(part));
    if ((frame.flags & FLAG.endHeaders) === 0) return false;
    const fields = this.#hpack.decode(Buffer.concat(parts));
    this.#parts = undefined;
    this.#partsBytes = 0;
    return this.#takeFields(fields);
  }

  /** Takes DATA. @returns whether the answer is over, or no more of it wanted. */
  addData(frame: Frame): boolean {
    if (this.#state !== "body") throw new Http2Error("a body before its head");
    const content = contentOf(frame);
    this.#bodyBytes += content.length;
    if (content.length > 0 && !this.#sink.onData(content)) return this.#stop();
    return (frame.flags & FLAG.endStream) === 0 ? false : this.#endBody();
  }

  #takeFields(fields: readonly HeaderField[]): boolean {
    switch (this.#state) {
      case "over":
        throw new Http2Error("a head after the end");
      case "body":
        if (!this.#isLastHead) throw new Http2Error("trailers that are not the end");
        this.#endBody();
        this.#sink.onTrailers?.(headerLists(grouped(fields)));
        return true;
      case "head":
        break;
    }
    const statusCode = statusOf(fields);
    if (statusCode < 200) {
      if (this.#isLastHead) throw new Http2Error("an interim answer that is the end");
      return false;
    }
    const headers = headerLists(grouped(fields));
    const announced = announcedLength(headers);
    const isEmpty = this.#isLastHead && this.#method !== "HEAD";
    this.#announcedBytes = announced;
    this.#state = "body";
    this.#stages.enter("body");
    const isMore = this.#sink.onHead({
      statusCode,
      httpVersion: 2,
      contentLengthBytes: announced < 0 && isEmpty ? 0 : announced,
      headers,
    });
    if (hasNoBody(this.#method, statusCode)) this.#announcedBytes = -1;
    if (!isMore) return this.#stop();
    if (!this.#isLastHead) return false;
    this.#endBody();
    this.#sink.onTrailers?.(headers);
    return true;
  }

  #stop(): true {
    this.#state = "over";
    return true;
  }

  /** RFC 9113 section 8.1.1: a body of another length than announced is malformed. */
  #endBody(): true {
    this.#state = "over";
    if (this.#announcedBytes >= 0 && this.#bodyBytes !== this.#announcedBytes) {
      throw new Http2Error(
        `a body of ${this.#bodyBytes} bytes, announced were ${this.#announcedBytes}`,
      );
    }
    return true;
  }
}

function statusOf(fields: readonly HeaderField[]): number {
  const [first] = fields;
  if (first === undefined || first[0] !== ":status" || !/^[1-9]\d\d$/.test(first[1])) {
    throw new Http2Error("a head without a status");
  }
  return Number(first[1]);
}

function grouped(fields: readonly HeaderField[]): Record<string, string[]> {
  const lists = new Map<string, string[]>();
  for (const [name, value] of fields) {
    const list = lists.get(name);
    if (list === undefined) lists.set(name, [value]);
    else list.push(value);
  }
  return Object.fromEntries(lists);
}
