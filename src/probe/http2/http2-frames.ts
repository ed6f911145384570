import { Http2Error } from "./http2-errors.ts";

/** Frames of HTTP/2 as bytes. @see RFC 9113 sections 4 and 6 */

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FLAG = {
  ack: 0x1,
  endStream: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const;

export const SETTING = { enablePush: 2, initialWindow: 4, maxFrame: 5, maxHeaderList: 6 } as const;

/** What a peer may send while we have not allowed more. */
export const DEFAULT_FRAME_BYTES = 16_384;
export const DEFAULT_WINDOW_BYTES = 65_535;
export const MAX_WINDOW_BYTES = 2 ** 31 - 1;

const HEADER_BYTES = 9;

/** `client connection preface`, RFC 9113 section 3.4. */
export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

export type Frame = {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
};

export function encodeFrame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array,
): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

export function encodeSettings(
  settings: readonly (readonly [id: number, value: number])[],
): Buffer {
  const payload = Buffer.alloc(6 * settings.length);
  for (const [at, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, 6 * at);
    payload.writeUInt32BE(value, 6 * at + 2);
  }
  return encodeFrame(FRAME.settings, 0, 0, payload);
}

export function encodeWindowUpdate(stream: number, bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return encodeFrame(FRAME.windowUpdate, 0, stream, payload);
}

/** A head as one HEADERS frame and as many CONTINUATIONs as it needs. RFC 9113 section 6.10 */
export function encodeHead(stream: number, block: Buffer, isEnd: boolean): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at === 0 || at < block.length; at += DEFAULT_FRAME_BYTES) {
    const isLast = at + DEFAULT_FRAME_BYTES >= block.length;
    const flags = (isLast ? FLAG.endHeaders : 0) | (at === 0 && isEnd ? FLAG.endStream : 0);
    const type = at === 0 ? FRAME.headers : FRAME.continuation;
    parts.push(encodeFrame(type, flags, stream, block.subarray(at, at + DEFAULT_FRAME_BYTES)));
  }
  return Buffer.concat(parts);
}

/** Cuts a connection's bytes into frames. Holds one frame at most. */
export class FrameReader {
  readonly #onHeader: (type: number, stream: number) => void;
  readonly #onFrame: (frame: Frame) => void;
  #pending: Buffer = Buffer.alloc(0);
  #isHeaderTold = false;

  constructor(options: {
    /** As soon as a frame's own header is there, before its payload. */
    readonly onHeader: (type: number, stream: number) => void;
    /** Its payload is good until the call returns. */
    readonly onFrame: (frame: Frame) => void;
  }) {
    this.#onHeader = options.onHeader;
    this.#onFrame = options.onFrame;
  }

  /** @throws Http2Error for a frame larger than allowed, and what the callbacks throw. */
  take(chunk: Buffer): void {
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (bytes.length >= HEADER_BYTES) {
      const length = bytes.readUIntBE(0, 3);
      const type = bytes.readUInt8(3);
      const stream = bytes.readUInt32BE(5) & 0x7fff_ffff;
      if (length > DEFAULT_FRAME_BYTES) throw new Http2Error(`a frame of ${length} bytes`);
      if (!this.#isHeaderTold) this.#onHeader(type, stream);
      this.#isHeaderTold = true;
      if (bytes.length < HEADER_BYTES + length) break;
      const payload = bytes.subarray(HEADER_BYTES, HEADER_BYTES + length);
      this.#onFrame({ type, flags: bytes.readUInt8(4), stream, payload });
      this.#isHeaderTold = false;
      bytes = bytes.subarray(HEADER_BYTES + length);
    }
    this.#pending = bytes;
  }
}

/** What a DATA or HEADERS frame carries, without padding and priority. RFC 9113 sections 6.1, 6.2 */
export function contentOf({ type, flags, payload }: Frame): Buffer {
  const isPadded = (flags & FLAG.padded) !== 0;
  const padBytes = isPadded ? (payload[0] ?? payload.length + 1) : 0;
  const hasPriority = type === FRAME.headers && (flags & FLAG.priority) !== 0;
  const begin = (isPadded ? 1 : 0) + (hasPriority ? 5 : 0);
  if (begin + padBytes > payload.length)
    throw new Http2Error("a frame with more padding than bytes");
  return payload.subarray(begin, payload.length - padBytes);
}
