import { getSystemErrorName } from "node:util";
import type { LossReason } from "../../../../src/icmp/echo.ts";
import { addressText } from "../../../../src/icmp/transport/address-text.ts";
import type { PacketSink } from "../../../../src/icmp/transport.ts";
import type { AddressFamily } from "../../../../src/runtime/address.ts";

/** What a transport over a program told, in its order. */
export type Told =
  | { readonly kind: "sent"; readonly slot: number }
  | { readonly kind: "unsent"; readonly slot: number; readonly errno: string }
  | {
      readonly kind: "answered";
      readonly slot: number;
      readonly rttSeconds: number;
      readonly hopLimit: number;
    }
  | { readonly kind: "corrupted"; readonly slot: number }
  | {
      readonly kind: "icmp_error";
      readonly slot: number;
      readonly reason: LossReason;
      readonly target: string;
      readonly reporter: string;
    }
  | { readonly kind: "foreign" };

/** Writes down what is told. A program matches its replies itself, so no packet ever comes. */
export class PingLog implements PacketSink {
  readonly told: Told[] = [];
  /** Unix seconds of what was sent, by slot. */
  readonly sentAtSeconds = new Map<number, number>();
  readonly #family: AddressFamily;

  constructor(family: AddressFamily) {
    this.#family = family;
  }

  sent(slot: number, seconds: number, nanoseconds: number): void {
    this.sentAtSeconds.set(slot, seconds + nanoseconds / 1e9);
    this.told.push({ kind: "sent", slot });
  }

  unsent(slot: number, errno: number): void {
    this.told.push({ kind: "unsent", slot, errno: getSystemErrorName(-errno) });
  }

  transmitStamp(): void {
    throw new Error("a program tells no transmit stamps");
  }

  reply(): void {
    throw new Error("a program hands over no packets");
  }

  answered(slot: number, rttSeconds: number, hopLimit: number): void {
    this.told.push({ kind: "answered", slot, rttSeconds, hopLimit });
  }

  corrupted(slot: number): void {
    this.told.push({ kind: "corrupted", slot });
  }

  icmpError(
    slot: number,
    words: Uint32Array,
    addressWord: number,
    reason: LossReason,
    reporter: Uint32Array,
    reporterWord: number,
  ): void {
    this.told.push({
      kind: "icmp_error",
      slot,
      reason,
      target: addressText(this.#family, words, addressWord),
      reporter: addressText(this.#family, reporter, reporterWord),
    });
  }

  foreign(): void {
    this.told.push({ kind: "foreign" });
  }

  /** What was told of one echo but that it was sent. */
  endsOf(slot: number): readonly Told[] {
    return this.told.filter((one) => "slot" in one && one.slot === slot && one.kind !== "sent");
  }
}
