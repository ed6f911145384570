import { MAX_HEAD_BYTES, type ResponseHead } from "../exchange.ts";
import {
  AnswerError,
  type BodyFraming,
  isInterim,
  parseStatusLine,
  readHead,
} from "./answer-head.ts";

/** As Go's client. */
const MAX_INTERIM_ANSWERS = 5;
const MAX_STATUS_LINE_BYTES = 8 * 1024;
const VERSION_START = "HTTP/";
/** A head is seldom longer, and the body behind it need not become a text. */
const FIRST_LOOK_BYTES = 4 * 1024;
const END_OF_HEAD = /\n\r?\n/;
/** An end of head that lies in two chunks begins at most so far from the end of the first. */
const END_REACH = "\n\r".length;

const NO_BODY: Buffer = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "latin1");

/**
 * Reads the head of an answer before the HTTP client does, and gives it one that says only how the body ends.
 *
 * llhttp, the client's parser, is stricter than Go's net/http, which is the measure here, and counts an interim answer
 * nobody asked for (100 Continue) as an error. Reading the head ourselves costs less than the client's way of doing it
 * (two calls out of WebAssembly for each header).
 *
 * A chunk is looked at once, however many bytes a peer sends at a time.
 */
export class HeadReader {
  readonly #method: string;
  /** Text of the head that has come so far, a byte a character. */
  readonly #parts: string[] = [];
  #partsBytes = 0;
  /** The last bytes of it. */
  #tail = "";
  #isStatusSeen = false;
  #interimAnswers = 0;
  #head: ResponseHead | undefined;
  #isBodyWanted = true;

  constructor(method: string) {
    this.#method = method;
  }

  /** Undefined until it has come whole. */
  get head(): ResponseHead | undefined {
    return this.#head;
  }

  /**
   * @param chunk Bytes from the server, in their order.
   * @returns what the client is to have of them; undefined for nothing.
   * @throws AnswerError
   */
  take(chunk: Buffer): Buffer | undefined {
    let rest = chunk;
    while (this.#head === undefined) {
      const endAt = this.#endOfHead(rest);
      if (endAt === undefined) return undefined;
      rest = rest.subarray(endAt);
      const framing = this.#read();
      if (framing !== undefined) return this.#begin(framing, rest);
    }
    return this.#isBodyWanted ? rest : undefined;
  }

  /** @returns where in the chunk the head ends; undefined when it goes on. */
  #endOfHead(chunk: Buffer): number | undefined {
    const begin = chunk.toString("latin1", 0, FIRST_LOOK_BYTES);
    const endInBegin = endOf(this.#tail, begin);
    const isShort = endInBegin !== undefined || chunk.length <= FIRST_LOOK_BYTES;
    const text = isShort ? begin : chunk.toString("latin1");
    const endAt = isShort ? endInBegin : endOf(this.#tail, text);
    const own = endAt === undefined ? text : text.slice(0, endAt);
    this.#tail = (this.#tail + own).slice(-END_REACH);
    this.#partsBytes += own.length;
    if (this.#partsBytes > MAX_HEAD_BYTES) {
      throw new AnswerError(`its head has more than ${MAX_HEAD_BYTES} bytes`);
    }
    this.#parts.push(own);
    if (endAt === undefined) this.#checkBegin();
    return endAt;
  }

  /** What is no HTTP is known by its first line, behind which nothing more may come. */
  #checkBegin(): void {
    if (this.#isStatusSeen) return;
    const begin = this.#whole();
    const lineEnd = begin.indexOf("\n");
    if (lineEnd >= 0) {
      parseStatusLine(withoutReturn(begin.slice(0, lineEnd)));
      this.#isStatusSeen = true;
    } else if (
      begin.length > MAX_STATUS_LINE_BYTES ||
      !begin.slice(0, VERSION_START.length).startsWith(VERSION_START.slice(0, begin.length))
    ) {
      parseStatusLine(begin);
    }
  }

  #whole(): string {
    if (this.#parts.length > 1) this.#parts.splice(0, this.#parts.length, this.#parts.join(""));
    return this.#parts[0] ?? "";
  }

  /** @returns undefined for an interim answer. */
  #read(): BodyFraming | undefined {
    const lines = this.#whole().split("\n").map(withoutReturn);
    this.#parts.length = 0;
    this.#partsBytes = 0;
    this.#tail = "";
    this.#isStatusSeen = false;
    const [first = ""] = lines;
    const status = parseStatusLine(first);
    // The empty line, and what the last line feed left.
    const read = readHead(status, lines.slice(1, -2), this.#method);
    if (!isInterim(status)) {
      this.#head = read.head;
      return read.framing;
    }
    this.#interimAnswers += 1;
    if (this.#interimAnswers > MAX_INTERIM_ANSWERS) {
      throw new AnswerError(`more than ${MAX_INTERIM_ANSWERS} interim answers came before it`);
    }
    return undefined;
  }

  #begin(framing: BodyFraming, rest: Buffer): Buffer {
    switch (framing.kind) {
      case "none":
        this.#isBodyWanted = false;
        return NO_BODY;
      case "counted":
        return before(rest, `Content-Length: ${framing.bytes}`);
      case "chunked":
        return before(rest, "Transfer-Encoding: chunked");
      case "until_close":
        return before(rest, "Connection: close");
    }
  }
}

/** Where in `text`, which follows `tail`, the head ends. */
function endOf(tail: string, text: string): number | undefined {
  const found = END_OF_HEAD.exec(tail === "" ? text : tail + text);
  return found === null ? undefined : found.index + found[0].length - tail.length;
}

function before(body: Buffer, header: string): Buffer {
  const head = `HTTP/1.1 200 OK\r\n${header}\r\n\r\n`;
  const bytes = Buffer.allocUnsafe(head.length + body.length);
  bytes.write(head, 0, "latin1");
  bytes.set(body, head.length);
  return bytes;
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
