import type { AddressFamily } from "../../../runtime/address.ts";
import type { LossReason } from "../../echo.ts";
import type { PacketSink } from "../../transport.ts";

/** Packets; small ones have some hundred bytes around them that the limit of bytes does not see. */
const MAX_PACKETS = 16_384;

/** A reply that was read and stamped. */
export type KeptReply = {
  readonly packet: Uint8Array;
  readonly message: number;
  readonly slot: number;
  /** Socket address of who sent it. */
  readonly source: Uint32Array;
  readonly hopLimit: number;
  readonly seconds: number;
  readonly nanoseconds: number;
};

export type KeptError = {
  readonly slot: number;
  readonly reason: LossReason;
  readonly target: Uint32Array;
  readonly reporter: Uint32Array;
};

/** What came between two ticks, until the engine asks for it. Bounded: when it is full, the kernel keeps the rest. */
export class RawSocketArrivals {
  readonly #isChecked: boolean;
  readonly #maxBytes: number;
  #replies: KeptReply[] = [];
  #errors: KeptError[] = [];
  #bytes = 0;
  #malformed = 0;

  /** @param maxBytes Packets together; one more is taken when they are below. */
  constructor(family: AddressFamily, maxBytes: number) {
    this.#isChecked = family === "ipv6";
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#replies.length === 0 && this.#errors.length === 0 && this.#malformed === 0;
  }

  get isFull(): boolean {
    return (
      this.#bytes >= this.#maxBytes || this.#replies.length + this.#errors.length >= MAX_PACKETS
    );
  }

  addReply(reply: KeptReply): void {
    this.#replies.push(reply);
    this.#bytes += reply.packet.length;
  }

  addError(error: KeptError): void {
    this.#errors.push(error);
  }

  addMalformed(): void {
    this.#malformed += 1;
  }

  handErrors(sink: PacketSink): void {
    const errors = this.#errors;
    this.#errors = [];
    for (const { slot, target, reason, reporter } of errors) {
      sink.icmpError(slot, target, 0, reason, reporter, 0);
    }
  }

  handReplies(sink: PacketSink): void {
    // Taken out first: the sink may ask for errors, or end an echo whose user sends another.
    const replies = this.#replies;
    this.#replies = [];
    this.#bytes = 0;
    for (const { packet, message, slot, source, hopLimit, seconds, nanoseconds } of replies) {
      const bytes = packet.length - message;
      sink.reply(
        packet,
        message,
        bytes,
        slot,
        source,
        0,
        this.#isChecked,
        hopLimit,
        seconds,
        nanoseconds,
      );
    }
    for (; this.#malformed > 0; this.#malformed -= 1) sink.foreign();
  }
}
