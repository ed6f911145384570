import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { echoKey } from "./wire.ts";

/** Address (4 bytes), identifier (2), sequence number (2), round-trip time as a double (8). */
const ECHO_BYTES = 16;
const BUFFERED_ECHOES = 4096;

/** One round-trip time as the agent counted it. */
export type RecordedEcho = { readonly key: number; readonly rttSeconds: number };

/** Appends to a record file from one thread, without asking anything of an event loop. */
export class RecordWriter {
  readonly #descriptor: number;
  readonly #bytes = new DataView(new ArrayBuffer(BUFFERED_ECHOES * ECHO_BYTES));
  #used = 0;

  constructor(file: string) {
    this.#descriptor = openSync(file, "a");
  }

  /** @param address As a number, most significant byte first. */
  add(address: number, identifier: number, sequence: number, rttSeconds: number): void {
    this.#bytes.setUint32(this.#used, address);
    this.#bytes.setUint16(this.#used + 4, identifier);
    this.#bytes.setUint16(this.#used + 6, sequence);
    this.#bytes.setFloat64(this.#used + 8, rttSeconds);
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
  return Array.from({ length: Math.floor(bytes.length / ECHO_BYTES) }, (_, index) => {
    const at = index * ECHO_BYTES;
    return {
      key: echoKey(bytes.readUInt32BE(at), bytes.readUInt16BE(at + 4), bytes.readUInt16BE(at + 6)),
      rttSeconds: bytes.readDoubleBE(at + 8),
    };
  });
}
