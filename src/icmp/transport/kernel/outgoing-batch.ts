import {
  ECHO_REQUEST_V4,
  ECHO_REQUEST_V6,
  fillerSum,
  ICMP_HEADER_BYTES,
  writeEchoRequest,
  writeFiller,
} from "../../packet.ts";
import { ADDRESS_WORDS } from "../../transport.ts";
import { SOCKADDR_IN_BYTES, SOCKADDR_IN6_BYTES } from "../socket-address.ts";
import { BATCH, outgoingArena } from "./arena-sizes.ts";
import type { Libc } from "./libc.ts";
import type { MessageArena } from "./message-arena.ts";

/** Echo requests that wait for one send call, and the slots they belong to. [hot] */
export class OutgoingBatch {
  readonly slots = new Int32Array(BATCH);
  readonly #libc: Libc;
  readonly #type: number;
  readonly #nameBytes: number;
  #arena: MessageArena;
  /** Payload bytes whose filler a message of the arena holds; −1 for none yet. */
  readonly #filledBytes = new Int32Array(BATCH).fill(-1);
  readonly #fillerSums = new Map<number, number>();
  #count = 0;

  constructor(libc: Libc, isVersion6: boolean, payloadBytes: number) {
    this.#libc = libc;
    this.#type = isVersion6 ? ECHO_REQUEST_V6 : ECHO_REQUEST_V4;
    this.#nameBytes = isVersion6 ? SOCKADDR_IN6_BYTES : SOCKADDR_IN_BYTES;
    this.#arena = outgoingArena(libc, payloadBytes);
  }

  get arena(): MessageArena {
    return this.#arena;
  }

  get isFull(): boolean {
    return this.#count === this.#arena.messages;
  }

  /** Makes room for larger payloads, while the batch is empty. */
  resize(payloadBytes: number): void {
    // The old memory goes when the new is there: what is freed twice, here and in `free`, ends the process.
    const arena = outgoingArena(this.#libc, payloadBytes);
    this.#arena.free();
    this.#arena = arena;
    this.#filledBytes.fill(-1);
  }

  add(
    slot: number,
    identifier: number,
    cookie: number,
    payloadBytes: number,
    words: Uint32Array,
    addressWord: number,
  ): void {
    const arena = this.#arena;
    const message = this.#count;
    const data = arena.dataOffset(message);
    if (this.#filledBytes[message] !== payloadBytes) {
      writeFiller(arena.bytes, data, payloadBytes);
      this.#filledBytes[message] = payloadBytes;
    }
    writeEchoRequest(
      arena.bytes,
      data,
      this.#type,
      identifier,
      slot & 0xffff,
      cookie,
      payloadBytes,
      this.#fillerSum(payloadBytes),
    );
    arena.setDataBytes(message, ICMP_HEADER_BYTES + payloadBytes);
    arena.setNameBytes(message, this.#nameBytes);
    const name = arena.nameOffset(message) >>> 2;
    for (let word = 0; word < ADDRESS_WORDS; word += 1) {
      arena.words[name + word] = words[addressWord + word] ?? 0;
    }
    this.slots[message] = slot;
    this.#count += 1;
  }

  #fillerSum(payloadBytes: number): number {
    let sum = this.#fillerSums.get(payloadBytes);
    if (sum === undefined) {
      sum = fillerSum(payloadBytes);
      this.#fillerSums.set(payloadBytes, sum);
    }
    return sum;
  }

  /** Empties the batch. @returns how many messages of the arena, from the first on, are to be sent. */
  take(): number {
    const count = this.#count;
    this.#count = 0;
    return count;
  }

  free(): void {
    this.#arena.free();
  }
}
