import type { LossReason } from "../../src/icmp/echo.ts";
import { internetChecksum } from "../../src/icmp/packet.ts";
import type { PacketSink } from "../../src/icmp/transport.ts";

/** Seconds and nanoseconds as one whole number, which doubles cannot hold. */
function nanoseconds(seconds: number, rest: number): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(rest);
}

export type LoggedReply = {
  readonly slot: number;
  readonly bytes: number;
  readonly isChecksumRight: boolean;
  readonly hopLimit: number;
  readonly stamp: bigint;
  readonly source: Uint32Array;
};

/** Writes down what a transport tells. Times are Unix nanoseconds. */
export class PacketLog implements PacketSink {
  readonly sentAt = new Map<number, bigint>();
  readonly refused = new Map<number, number>();
  readonly stamps = new Map<number, bigint>();
  readonly replies: LoggedReply[] = [];
  readonly errors: {
    readonly slot: number;
    readonly reason: LossReason;
    /** Socket address that the echo was sent to. */
    readonly target: Uint32Array;
    /** Socket address of who sent it. */
    readonly reporter: Uint32Array;
  }[] = [];
  foreignPackets = 0;
  sent(slot: number, seconds: number, rest: number): void {
    this.sentAt.set(slot, nanoseconds(seconds, rest));
  }

  unsent(slot: number, errno: number): void {
    this.refused.set(slot, errno);
  }

  transmitStamp(slot: number, seconds: number, rest: number): void {
    this.stamps.set(slot, nanoseconds(seconds, rest));
  }

  reply(
    packet: Uint8Array,
    message: number,
    bytes: number,
    slot: number,
    words: Uint32Array,
    addressWord: number,
    isChecked: boolean,
    hopLimit: number,
    seconds: number,
    rest: number,
  ): void {
    this.replies.push({
      slot,
      bytes,
      isChecksumRight: isChecked || internetChecksum(packet, message, bytes) === 0,
      hopLimit,
      stamp: nanoseconds(seconds, rest),
      source: words.slice(addressWord, addressWord + 7),
    });
  }

  icmpError(
    slot: number,
    words: Uint32Array,
    addressWord: number,
    reason: LossReason,
    reporter: Uint32Array,
    reporterWord: number,
  ): void {
    this.errors.push({
      slot,
      reason,
      target: words.slice(addressWord, addressWord + 7),
      reporter: reporter.slice(reporterWord, reporterWord + 7),
    });
  }

  answered(): void {
    throw new Error("a socket's user matches replies itself");
  }

  corrupted(): void {
    throw new Error("a socket's user checks replies itself");
  }

  foreign(): void {
    this.foreignPackets += 1;
  }
}
