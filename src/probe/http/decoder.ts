import {
  type BrotliDecompress,
  createBrotliDecompress,
  createGunzip,
  createInflateRaw,
  type Gunzip,
  type InflateRaw,
} from "node:zlib";
import { type Failed, failed } from "../failure.ts";
import type { BodyBudget } from "./body-rules.ts";
import type { Packed } from "./compression.ts";

/** What comes out of a decompressor at once. */
const CHUNK_BYTES = 64 * 1024;
/** From so much on, a body that unpacks to so many times its size is a bomb: real ones stay below 50. */
const FREE_UNPACKED_BYTES = 64 * 2 ** 20;
const MAX_RATIO = 100;

/** blackbox_exporter's `deflate` is the bare format (RFC 1951), without the header of zlib. */
function openStream(compression: Packed): Gunzip | InflateRaw | BrotliDecompress {
  switch (compression) {
    case "gzip":
      return createGunzip({ chunkSize: CHUNK_BYTES });
    case "deflate":
      return createInflateRaw({ chunkSize: CHUNK_BYTES });
    case "br":
      return createBrotliDecompress({ chunkSize: CHUNK_BYTES });
  }
}

/** The window a stream of Brotli asks for in its first bits, in bytes. @see RFC 7932 section 9.1 */
export function brotliWindowBytes(first: number): number {
  if ((first & 1) === 0) return 2 ** 16;
  const high = (first >> 1) & 7;
  if (high !== 0) return 2 ** (17 + high);
  const low = (first >> 4) & 7;
  return 2 ** (low === 0 ? 17 : 8 + low);
}

/**
 * Unpacks one body as it comes, on the threads of zlib. It holds a chunk of input and one of output, and
 * Brotli its window, which comes out of the budget for bodies.
 */
export class Decoder {
  readonly #compression: Packed;
  readonly #stream: Gunzip | InflateRaw | BrotliDecompress;
  readonly #budget: BodyBudget;
  readonly #onStop: () => void;
  readonly #over: Promise<void>;
  #packedBytes = 0;
  #unpackedBytes = 0;
  #windowBytes = 0;
  #isStopped = false;
  #room: Promise<void> | undefined;
  #failure: Failed | undefined;

  constructor(parts: {
    readonly compression: Packed;
    readonly budget: BodyBudget;
    /** Takes what was unpacked; says whether to go on. */
    readonly onData: (chunk: Buffer) => boolean;
    /** No more input is wanted: after a failure, or because `onData` has enough. */
    readonly onStop: () => void;
  }) {
    this.#compression = parts.compression;
    this.#budget = parts.budget;
    this.#onStop = parts.onStop;
    const stream = openStream(parts.compression);
    this.#stream = stream;
    this.#over = new Promise((resolve) => stream.once("close", resolve));
    stream.on("data", (chunk: Buffer) => {
      if (this.#isStopped) return;
      this.#unpackedBytes += chunk.length;
      const limitBytes = Math.max(FREE_UNPACKED_BYTES, this.#packedBytes * MAX_RATIO);
      if (this.#unpackedBytes > limitBytes) {
        const why = `the body unpacks to more than ${MAX_RATIO} times its size`;
        this.#stop(failed("body_too_large", why));
      } else if (!parts.onData(chunk)) this.#stop(undefined);
    });
    stream.on("error", (error) => {
      this.#stop(failed("body_encoding", `the body is not ${parts.compression}: ${error.message}`));
    });
  }

  /** Why the body cannot be unpacked; undefined while nothing is wrong with it. */
  get failure(): Failed | undefined {
    return this.#failure;
  }

  /** Settles when there is room for more input; undefined when there is now. */
  get room(): Promise<void> | undefined {
    return this.#room;
  }

  /** @returns whether to go on reading. */
  add(chunk: Buffer): boolean {
    if (this.#isStopped) return false;
    if (this.#packedBytes === 0 && this.#compression === "br") {
      const windowBytes = brotliWindowBytes(chunk[0] ?? 0);
      if (!this.#budget.take(windowBytes)) {
        this.#stop(
          failed(
            "agent_overloaded",
            "all probes under way unpack bodies into more memory than there is set aside for them",
          ),
        );
        return false;
      }
      this.#windowBytes = windowBytes;
    }
    this.#packedBytes += chunk.length;
    // A copy: what it was read into is used again while the stream still waits for its turn.
    const hasRoom = this.#stream.write(Buffer.from(chunk));
    if (!hasRoom && this.#room === undefined) {
      const done = Promise.race([
        this.#over,
        new Promise<void>((resolve) => this.#stream.once("drain", resolve)),
      ]);
      this.#room = done.then(() => {
        this.#room = undefined;
      });
    }
    return true;
  }

  /** The input is whole. @returns why it could not be unpacked whole, if so. */
  async end(): Promise<Failed | undefined> {
    if (!this.#isStopped) {
      if (this.#packedBytes === 0) {
        this.#stop(failed("body_encoding", `the body is not ${this.#compression}: it is empty`));
      } else this.#stream.end();
    }
    await this.#over;
    if (this.#failure !== undefined || this.#isStopped) return this.#failure;
    // Go looks for another member behind the end of gzip, and takes nothing behind that of Brotli.
    if (this.#compression !== "deflate" && this.#stream.bytesWritten < this.#packedBytes) {
      const why = `the body is not ${this.#compression}: there is more behind its end`;
      this.#failure = failed("body_encoding", why);
    }
    return this.#failure;
  }

  /** Gives everything back; to be called at the end, whatever it was. */
  destroy(): void {
    this.#isStopped = true;
    this.#stream.destroy();
    this.#budget.give(this.#windowBytes);
    this.#windowBytes = 0;
  }

  #stop(failure: Failed | undefined): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#failure ??= failure;
    this.#stream.destroy();
    this.#onStop();
  }
}
