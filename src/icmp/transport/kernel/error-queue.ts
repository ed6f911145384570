import type { AddressFamily } from "../../../runtime/address.ts";
import type { LossReason } from "../../echo.ts";
import { ECHO_REQUEST_V4, ECHO_REQUEST_V6, ICMP_HEADER_BYTES } from "../../packet.ts";
import type { PacketSink } from "../../transport.ts";
import { lossReason } from "../icmp-error.ts";
import { errorArena } from "./arena-sizes.ts";
import { ControlMessages } from "./control-messages.ts";
import * as c from "./libc.ts";
import type { MessageArena } from "./message-arena.ts";
import type { StampKeys } from "./stamp-keys.ts";

const MAX_ERRORS_PER_DRAIN = 16_384;

/** The echo that a quoted request was sent for; below 0 for one of others. */
export type SlotAt = (bytes: Uint8Array, message: number) => number;

/**
 * Reads the error queues of sockets: transmit stamps and ICMP errors. [hot]
 *
 * One for all sockets of a transport, since its memory is used during a call only.
 */
export class ErrorQueue {
  readonly #libc: c.Libc;
  readonly #family: AddressFamily;
  readonly #request: number;
  readonly #arena: MessageArena;
  readonly #control = new ControlMessages();

  constructor(libc: c.Libc, family: AddressFamily) {
    this.#libc = libc;
    this.#family = family;
    this.#request = family === "ipv6" ? ECHO_REQUEST_V6 : ECHO_REQUEST_V4;
    this.#arena = errorArena(libc);
  }

  /**
   * Tells the sink what the queue of a socket holds.
   *
   * @param keys Whose stamps they are; undefined for a socket that does not send.
   * @param slotAt Undefined for a socket that gets no ICMP errors.
   * @returns How many ICMP errors there were, whatever they were about.
   */
  drain(
    descriptor: number,
    keys: StampKeys | undefined,
    slotAt: SlotAt | undefined,
    sink: PacketSink,
  ): number {
    const arena = this.#arena;
    const control = this.#control;
    let icmpErrors = 0;
    for (let read = 0; read < MAX_ERRORS_PER_DRAIN; ) {
      const count = this.#libc.recvmmsg(
        descriptor,
        arena.headersAddress,
        arena.messages,
        c.MSG_ERRQUEUE,
      );
      if (count <= 0) return icmpErrors;
      for (let at = 0; at < count; at += 1) {
        const offset = arena.controlOffset(at);
        control.read(arena.bytes, arena.words, offset, arena.controlBytesOf(at));
        arena.restoreControl(at);
        if (control.errorOrigin === c.SO_EE_ORIGIN_TIMESTAMPING) {
          keys?.take(control, sink);
        } else if (
          control.errorOrigin === c.SO_EE_ORIGIN_ICMP ||
          control.errorOrigin === c.SO_EE_ORIGIN_ICMP6
        ) {
          icmpErrors += 1;
          if (slotAt !== undefined) this.#tell(at, slotAt, sink);
        }
      }
      if (count < arena.messages) return icmpErrors;
      read += count;
    }
    return icmpErrors;
  }

  /** The data of an ICMP error is the request it quotes, from its ICMP header on. */
  #tell(message: number, slotAt: SlotAt, sink: PacketSink): void {
    const arena = this.#arena;
    const control = this.#control;
    if (arena.dataBytesOf(message) < ICMP_HEADER_BYTES) return;
    const data = arena.dataOffset(message);
    const reason: LossReason | undefined = lossReason(
      this.#family,
      control.errorType,
      control.errorCode,
    );
    if (arena.bytes[data] !== this.#request || reason === undefined) return;
    sink.icmpError(
      slotAt(arena.bytes, data),
      arena.words,
      arena.nameOffset(message) >>> 2,
      reason,
      arena.words,
      control.offenderWord,
    );
  }

  free(): void {
    this.#arena.free();
  }
}
