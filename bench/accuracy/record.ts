import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import type { Stamp } from "./stamp.ts";
import { echoKey } from "./wire.ts";

/**
 * Address (4 bytes), identifier (2), sequence number (2), round-trip time as a double (8), transmit and receive
 * stamps (4 bytes of seconds and 4 of nanoseconds each).
 */
const ECHO_BYTES = 32;
const BUFFERED_ECHOES = 4096;

/** One round-trip time as the agent counted it, and the kernel's stamps that the agent had for it. */
export type RecordedEcho = {
  readonly key: number;
  readonly rttSeconds: number;
  /** `NO_STAMP` where the kernel gave none. */
  readonly transmitted: Stamp;
  readonly received: Stamp;
};

/** Appends to a record file from one thread, without asking anything of an event loop. */
export class RecordWriter {
  readonly #descriptor: number;
  readonly #bytes = new DataView(new ArrayBuffer(BUFFERED_ECHOES * ECHO_BYTES));
  #used = 0;

  constructor(file: string) {
    this.#descriptor = openSync(file, "a");
  }

  /** @param address As a number, most significant byte first. */
  add(
    address: number,
    identifier: number,
    sequence: number,
    { rttSeconds, transmitted, received }: Omit<RecordedEcho, "key">,
  ): void {
    const at = this.#used;
    this.#bytes.setUint32(at, address);
    this.#bytes.setUint16(at + 4, identifier);
    this.#bytes.setUint16(at + 6, sequence);
    this.#bytes.setFloat64(at + 8, rttSeconds);
    this.#bytes.setUint32(at + 16, transmitted.seconds);
    this.#bytes.setUint32(at + 20, transmitted.nanoseconds);
    this.#bytes.setUint32(at + 24, received.seconds);
    this.#bytes.setUint32(at + 28, received.nanoseconds);
    this.#used += ECHO_BYTES;
    if (this.#used === this.#bytes.byteLength) this.flush();
  }

  flush(): void {
    writeSync(this.#descriptor, this.#bytes, 0, this.#used);
    this.#used = 0;
  }

  close(): void {
    this.flush();
    closeSync(this.#descriptor);
  }
}

/** In the order in which the echoes were counted. */
export function readRecord(file: string): readonly RecordedEcho[] {
  const bytes = readFileSync(file);
  const stampAt = (at: number): Stamp => ({
    seconds: bytes.readUInt32BE(at),
    nanoseconds: bytes.readUInt32BE(at + 4),
  });
  return Array.from({ length: Math.floor(bytes.length / ECHO_BYTES) }, (_, index) => {
    const at = index * ECHO_BYTES;
    return {
      key: echoKey(bytes.readUInt32BE(at), bytes.readUInt16BE(at + 4), bytes.readUInt16BE(at + 6)),
      rttSeconds: bytes.readDoubleBE(at + 8),
      transmitted: stampAt(at + 16),
      received: stampAt(at + 24),
    };
  });
}
