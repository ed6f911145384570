import type { PacketSink } from "../../transport.ts";
import { BATCH, incomingArena } from "./arena-sizes.ts";
import { ControlMessages } from "./control-messages.ts";
import * as c from "./libc.ts";
import type { MessageArena } from "./message-arena.ts";

/** More replies than this in one go are somebody's flood; deadlines then wait for the next tick. */
const MAX_REPLIES_PER_DRAIN = 262_144;

/** What is done with a packet: `bytes` of it are there, from `packet` on, and `name` is the word of its source. */
export type TakePacket = (
  arena: MessageArena,
  packet: number,
  bytes: number,
  name: number,
  control: ControlMessages,
  sink: PacketSink,
) => void;

/** Reads what sockets received. [hot] One for all sockets of a transport. */
export class ReplyReader {
  readonly #libc: c.Libc;
  readonly #headerBytes: number;
  readonly #control = new ControlMessages();
  #arena: MessageArena;

  /** @param headerBytes The most that a socket hands over ahead of the ICMP header. */
  constructor(libc: c.Libc, headerBytes: number, payloadBytes: number) {
    this.#libc = libc;
    this.#headerBytes = headerBytes;
    this.#arena = incomingArena(libc, headerBytes, payloadBytes);
  }

  /** Makes room for larger payloads. */
  resize(payloadBytes: number): void {
    // The old memory goes when the new is there: what is freed twice, here and in `free`, ends the process.
    const arena = incomingArena(this.#libc, this.#headerBytes, payloadBytes);
    this.#arena.free();
    this.#arena = arena;
  }

  /** Reads a socket empty. @returns false when so much came that reading was broken off. */
  drain(descriptor: number, take: TakePacket, sink: PacketSink): boolean {
    const arena = this.#arena;
    const control = this.#control;
    let read = 0;
    let refusals = 0;
    while (read < MAX_REPLIES_PER_DRAIN) {
      const count = this.#libc.recvmmsg(descriptor, arena.headersAddress, arena.messages, 0);
      if (count < 0) {
        const errno = this.#libc.errno();
        if (errno === c.EAGAIN) return true;
        // A pending ICMP error is reported once in place of a packet; reading on gives the packets.
        refusals += 1;
        if (refusals > BATCH) return false;
        continue;
      }
      for (let at = 0; at < count; at += 1) {
        const offset = arena.controlOffset(at);
        control.read(arena.bytes, arena.words, offset, arena.controlBytesOf(at));
        const bytes = Math.min(arena.dataBytesOf(at), arena.dataBytes);
        arena.restoreControl(at);
        take(arena, arena.dataOffset(at), bytes, arena.nameOffset(at) >>> 2, control, sink);
      }
      // Fewer than asked for is no sign of the end: an ICMP error that came meanwhile ends the call as well (recvmmsg(2)).
      read += count;
    }
    return false;
  }

  free(): void {
    this.#arena.free();
  }
}
