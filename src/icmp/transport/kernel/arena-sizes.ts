import { ICMP_HEADER_BYTES } from "../../packet.ts";
import type { Libc } from "./libc.ts";
import { MessageArena } from "./message-arena.ts";

/** What arenas hold before anybody reserved more: the data of an ordinary `ping`. */
export const DEFAULT_PAYLOAD_BYTES = 56;

/** Messages of one call. */
export const BATCH = 64;
/** A batch of large packets is made shorter, so that an arena stays below this. */
const MAX_ARENA_BYTES = 2 * 2 ** 20;
const MIN_BATCH = 4;
/** A stamp and a hop limit take 88 bytes; a stamp and an extended error with its offender 128. */
const CONTROL_BYTES = 192;
const MIN_RECEIVE_BYTES = 256;
/** Enough of the quoted request for its identifier and sequence. */
const ERROR_DATA_BYTES = 64;

/** Room for a batch of echo requests with payloads up to this size. */
export function outgoingArena(libc: Libc, payloadBytes: number): MessageArena {
  const dataBytes = ICMP_HEADER_BYTES + payloadBytes;
  return new MessageArena(libc, { messages: batchOf(dataBytes), controlBytes: 0, dataBytes });
}

/** Room for a batch of echo replies. @param headerBytes What the socket hands over ahead of the ICMP header. */
export function incomingArena(libc: Libc, headerBytes: number, payloadBytes: number): MessageArena {
  const dataBytes = Math.max(headerBytes + ICMP_HEADER_BYTES + payloadBytes, MIN_RECEIVE_BYTES);
  return new MessageArena(libc, {
    messages: batchOf(dataBytes),
    controlBytes: CONTROL_BYTES,
    dataBytes,
  });
}

/** Room for a batch of an error queue: transmit stamps, and ICMP errors with what they quote. */
export function errorArena(libc: Libc): MessageArena {
  return new MessageArena(libc, {
    messages: BATCH,
    controlBytes: CONTROL_BYTES,
    dataBytes: ERROR_DATA_BYTES,
  });
}

function batchOf(dataBytes: number): number {
  return Math.min(BATCH, Math.max(MIN_BATCH, Math.floor(MAX_ARENA_BYTES / dataBytes)));
}
