import type { Socket } from "node:net";
import { MAX_HEAD_BYTES } from "../exchange.ts";
import type { StageClock } from "../stages.ts";
import { encodeHeaders } from "./hpack.ts";
import { Http2Answer } from "./http2-answer.ts";
import { closed, Http2Error, StreamResetError } from "./http2-errors.ts";
import {
  DEFAULT_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  encodeFrame,
  encodeHead,
  encodeSettings,
  encodeWindowUpdate,
  FLAG,
  FRAME,
  type Frame,
  FrameReader,
  MAX_WINDOW_BYTES,
  PREFACE,
  SETTING,
} from "./http2-frames.ts";
import { fieldsOf, type Http2Request, type Http2Sink } from "./http2-request.ts";

/** The one stream of a connection that is used once. */
const STREAM = 1;
/** How much of a body may be under way; we say so in our settings. */
const OUR_WINDOW_BYTES = 2 ** 20;
/** A peer that wants more answers than this to its pings and settings wants something else. */
const MAX_CONTROL_FRAMES = 10_000;
const NO_ERROR = 0;

/**
 * One request and its answer over HTTP/2 on an open connection, which is gone afterwards.
 *
 * Neither undici's client nor Node's: below both lies nghttp2, whose version in Node 20 ends the
 * whole process by an assertion when a peer's malformed frame is followed by others in the same read
 * (nghttp2 pull request 2509). Besides, undici fails a running request on the polite GOAWAY by which
 * a server says that this stream is its last, and neither tells when the request left. One stream
 * needs little of the protocol. The first byte is that of the stream's first HEADERS frame; the
 * server's settings, which come unasked, are no answer.
 *
 * @param sink Its `onTrailers` is told last.
 * @throws Http2Error, StreamResetError, HpackError, or an error of the socket; `failureOf` knows the reasons.
 * @see RFC 9113
 */
export async function exchangeHttp2(
  socket: Socket,
  request: Http2Request,
  sink: Http2Sink,
  stages: StageClock,
): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      const conversation = new Conversation({ socket, request, sink, stages, onEnd: resolve });
      const reader = new FrameReader({
        onHeader: (type, stream) => conversation.begin(type, stream),
        onFrame: (frame) => conversation.take(frame),
      });
      socket.on("data", (chunk: Buffer) => {
        try {
          reader.take(chunk);
        } catch (error) {
          socket.pause();
          reject(error);
        }
      });
      socket.on("error", reject);
      socket.on("close", () => reject(closed("the connection was closed")));
      socket.on("end", () => reject(closed("the connection was closed")));
      conversation.start();
    });
  } finally {
    socket.destroy();
  }
}

class Conversation {
  readonly #socket: Socket;
  readonly #request: Http2Request;
  readonly #stages: StageClock;
  readonly #answer: Http2Answer;
  readonly #onEnd: () => void;
  #unsentBody: Buffer;
  #peerFrameBytes = DEFAULT_FRAME_BYTES;
  #peerInitialWindow = DEFAULT_WINDOW_BYTES;
  #streamWindow = DEFAULT_WINDOW_BYTES;
  #connectionWindow = DEFAULT_WINDOW_BYTES;
  #unacknowledgedBytes = 0;
  #controlFrames = 0;
  #hasSettings = false;

  constructor(parts: {
    readonly socket: Socket;
    readonly request: Http2Request;
    readonly sink: Http2Sink;
    readonly stages: StageClock;
    readonly onEnd: () => void;
  }) {
    this.#socket = parts.socket;
    this.#request = parts.request;
    this.#stages = parts.stages;
    this.#onEnd = parts.onEnd;
    this.#answer = new Http2Answer(parts.request.method, parts.sink, parts.stages);
    this.#unsentBody = parts.request.body ?? Buffer.alloc(0);
  }

  /** Preface, settings and request leave together; the server's settings need not be waited for. */
  start(): void {
    const hasBody = this.#unsentBody.length > 0;
    const settings = encodeSettings([
      [SETTING.enablePush, 0],
      [SETTING.initialWindow, OUR_WINDOW_BYTES],
      [SETTING.maxHeaderList, MAX_HEAD_BYTES],
    ]);
    const window = encodeWindowUpdate(0, OUR_WINDOW_BYTES - DEFAULT_WINDOW_BYTES);
    const head = encodeHead(STREAM, encodeHeaders(fieldsOf(this.#request)), !hasBody);
    const begin = Buffer.concat([PREFACE, settings, window, head]);
    if (hasBody) {
      this.#socket.write(begin);
      this.#sendBody();
    } else this.#socket.write(begin, this.#onRequestWritten);
  }

  /** A frame's own header came; its payload may take its time. */
  begin(type: number, stream: number): void {
    if (type !== FRAME.headers || stream !== STREAM) return;
    const { current } = this.#stages;
    if (current === "request" || current === "processing") this.#stages.enter("head");
  }

  take(frame: Frame): void {
    const { type, stream, payload } = frame;
    if (!this.#hasSettings && type !== FRAME.settings) {
      throw new Http2Error("the server did not begin with its settings");
    }
    this.#answer.expect(type);
    switch (type) {
      case FRAME.data:
        this.#checkStream(frame);
        this.#acknowledge(payload.length);
        return this.#end(this.#answer.addData(frame));
      case FRAME.headers:
      case FRAME.continuation:
        this.#checkStream(frame);
        return this.#end(this.#answer.addHead(frame));
      case FRAME.reset:
        this.#checkStream(frame);
        this.#checkLength(frame, 4);
        throw new StreamResetError(payload.readUInt32BE());
      case FRAME.settings:
        return this.#takeSettings(frame);
      case FRAME.push:
        throw new Http2Error("a push, which was not allowed");
      case FRAME.ping:
        return this.#takePing(frame);
      case FRAME.goaway:
        return this.#takeGoaway(frame);
      case FRAME.windowUpdate:
        return this.#takeWindowUpdate(frame);
      case FRAME.priority:
        return;
      default:
        // RFC 9113 section 5.5: what is unknown is ignored.
        if (stream !== 0) return;
        return this.#countControl();
    }
  }

  readonly #onRequestWritten = (error?: Error | null): void => {
    if (!error && this.#stages.current === "request") this.#stages.enter("processing");
  };

  #end(isOver: boolean): void {
    if (isOver) this.#onEnd();
  }

  #sendBody(): void {
    for (;;) {
      const room = Math.min(this.#streamWindow, this.#connectionWindow, this.#peerFrameBytes);
      const length = Math.min(room, this.#unsentBody.length);
      if (length <= 0) return;
      const part = this.#unsentBody.subarray(0, length);
      this.#unsentBody = this.#unsentBody.subarray(length);
      this.#streamWindow -= length;
      this.#connectionWindow -= length;
      const isLast = this.#unsentBody.length === 0;
      const frame = encodeFrame(FRAME.data, isLast ? FLAG.endStream : 0, STREAM, part);
      if (isLast) this.#socket.write(frame, this.#onRequestWritten);
      else this.#socket.write(frame);
    }
  }

  /** Gives the server back the room that its bytes took, half a window at a time. */
  #acknowledge(bytes: number): void {
    this.#unacknowledgedBytes += bytes;
    if (this.#unacknowledgedBytes < OUR_WINDOW_BYTES / 2) return;
    this.#socket.write(encodeWindowUpdate(0, this.#unacknowledgedBytes));
    this.#socket.write(encodeWindowUpdate(STREAM, this.#unacknowledgedBytes));
    this.#unacknowledgedBytes = 0;
  }

  #takeSettings({ flags, stream, payload }: Frame): void {
    this.#countControl();
    this.#hasSettings = true;
    const isAck = (flags & FLAG.ack) !== 0;
    if (stream !== 0 || payload.length % 6 !== 0 || (isAck && payload.length > 0)) {
      throw new Http2Error("malformed settings");
    }
    if (isAck) return;
    for (let at = 0; at < payload.length; at += 6) {
      const value = payload.readUInt32BE(at + 2);
      switch (payload.readUInt16BE(at)) {
        case SETTING.initialWindow:
          if (value > MAX_WINDOW_BYTES) throw new Http2Error("a window too large");
          this.#streamWindow += value - this.#peerInitialWindow;
          this.#peerInitialWindow = value;
          break;
        case SETTING.maxFrame:
          if (value < DEFAULT_FRAME_BYTES) throw new Http2Error("a frame size too small");
          // Ours need not be larger than the least that everybody takes.
          this.#peerFrameBytes = DEFAULT_FRAME_BYTES;
          break;
      }
    }
    this.#socket.write(encodeFrame(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0)));
    this.#sendBody();
  }

  #takePing(frame: Frame): void {
    this.#countControl();
    this.#checkLength(frame, 8);
    if (frame.stream !== 0) throw new Http2Error("a ping on a stream");
    if ((frame.flags & FLAG.ack) !== 0) return;
    this.#socket.write(encodeFrame(FRAME.ping, FLAG.ack, 0, frame.payload));
  }

  /** RFC 9113 section 6.8: without an error and with our stream among the last it is only polite. */
  #takeGoaway({ stream, payload }: Frame): void {
    this.#countControl();
    if (stream !== 0 || payload.length < 8) throw new Http2Error("a malformed GOAWAY");
    const lastStream = payload.readUInt32BE(0) & 0x7fff_ffff;
    const code = payload.readUInt32BE(4);
    if (code !== NO_ERROR) throw new Http2Error(`GOAWAY with error code ${code}`);
    if (lastStream < STREAM) throw closed("the server went away before the request");
  }

  #takeWindowUpdate(frame: Frame): void {
    this.#checkLength(frame, 4);
    this.#countControl();
    const bytes = frame.payload.readUInt32BE() & 0x7fff_ffff;
    if (bytes === 0 || frame.stream > STREAM) throw new Http2Error("a malformed window update");
    if (frame.stream === 0) this.#connectionWindow += bytes;
    else this.#streamWindow += bytes;
    if (Math.max(this.#connectionWindow, this.#streamWindow) > MAX_WINDOW_BYTES) {
      throw new Http2Error("a window too large");
    }
    this.#sendBody();
  }

  #countControl(): void {
    this.#controlFrames += 1;
    if (this.#controlFrames > MAX_CONTROL_FRAMES) throw new Http2Error("too many control frames");
  }

  #checkStream({ stream, type }: Frame): void {
    if (stream !== STREAM) throw new Http2Error(`a frame of type ${type} on stream ${stream}`);
  }

  #checkLength({ type, payload }: Frame, length: number): void {
    if (payload.length === length) return;
    throw new Http2Error(`a frame of type ${type} with ${payload.length} bytes`);
  }
}
