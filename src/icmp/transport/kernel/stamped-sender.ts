import type { PacketSink } from "../../transport.ts";
import * as c from "./libc.ts";
import type { OutgoingBatch } from "./outgoing-batch.ts";
import type { StampKeys } from "./stamp-keys.ts";

/** Sends of one packet, however many ICMP errors stand in their way. */
const MAX_TRIES = 8;

/** What a sender needs to know of its socket. */
export type SenderSocket = {
  readonly descriptor: number;
  readonly keys: StampKeys;
  /** How often a packet is handed to the kernel before it counts as refused. */
  readonly tries: number;
  /** Reads the error queue empty. @returns how many ICMP errors were in it. */
  readonly drainErrors: (sink: PacketSink) => number;
};

/**
 * Sends the first `count` messages of a batch; each ends in `sent` or `unsent` of the sink. [hot]
 *
 * `sendmmsg` stops at a packet that is refused and tells how many went before; its errno comes with the next call,
 * which begins at it. On a socket that takes part in ICMP errors (ping sockets) an errno may be another target's
 * error that was pending. The failed call has cleared it, so such a socket tries once more; and again while the
 * error queue shows that yet another error came in between.
 */
export function sendBatch(
  libc: c.Libc,
  socket: SenderSocket,
  batch: OutgoingBatch,
  count: number,
  sink: PacketSink,
): void {
  const { wallTime } = libc;
  const { arena, slots } = batch;
  const { descriptor, keys } = socket;
  let from = 0;
  let tries = 0;
  while (from < count) {
    libc.readWallTime();
    const sent = libc.sendmmsg(descriptor, arena.headerAddress(from), count - from);
    const errno = sent < 0 ? libc.errno() : 0;
    for (let at = from; at < from + sent; at += 1) {
      const slot = slots[at] ?? 0;
      keys.note(slot);
      sink.sent(slot, wallTime.seconds, wallTime.nanoseconds);
    }
    if (sent > 0) {
      from += sent;
      tries = 0;
      if (from === count) return;
    }
    const icmpErrors = socket.drainErrors(sink);
    keys.restart();
    if (sent >= 0 || errno === c.EINTR) continue;
    tries += 1;
    if (tries < socket.tries || (icmpErrors > 0 && tries < MAX_TRIES)) continue;
    sink.unsent(slots[from] ?? 0, errno);
    from += 1;
    tries = 0;
  }
}
