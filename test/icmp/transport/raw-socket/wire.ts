import assert from "node:assert/strict";
import type { SocketProfile } from "../../../../src/icmp/echo.ts";
import { readInterfaceName } from "../../../../src/icmp/transport/address-text.ts";
import { loadRawSocket } from "../../../../src/icmp/transport/raw-socket/package.ts";
import { RawSocketTransport } from "../../../../src/icmp/transport/raw-socket/raw-socket.ts";
import { socketAddress } from "../../../../src/icmp/transport/socket-address.ts";
import type { AddressFamily } from "../../../../src/runtime/address.ts";
import { systemClock } from "../../../../src/runtime/clock.ts";
import { PacketLog } from "../../../support/packet-log.ts";
import { until } from "../../../support/until.ts";

export const DEADLINE_SECONDS = 10;
export const FIRST_IDENTIFIER = 0x4560;

const loaded = await loadRawSocket();

/** Why no `RawWire` can be had here. */
export const packageAbsence = loaded.kind === "absent" ? loaded.reason : undefined;

const words = (address: string): Uint32Array =>
  socketAddress(address, {
    interfaceIndex: (name) => {
      for (let index = 1; index < 100; index += 1) {
        if (readInterfaceName(index) === name) return index;
      }
      return 0;
    },
  });

/** A transport on the true package with what it told, closed at the end of the test. */
export class RawWire {
  readonly transport: RawSocketTransport;
  readonly log = new PacketLog();
  readonly #family: AddressFamily;
  #nextSlot = 0x2_fff0;
  arrivals = 0;

  constructor(
    family: AddressFamily,
    options: { firstIdentifier?: number; receiveBufferBytes?: number } = {},
  ) {
    assert.ok(loaded.kind === "loaded", "the package is there");
    this.#family = family;
    this.transport = new RawSocketTransport({
      rawSocket: loaded.rawSocket,
      family,
      firstIdentifier: options.firstIdentifier ?? FIRST_IDENTIFIER,
      receiveBufferBytes: options.receiveBufferBytes ?? 2 ** 20,
      clock: systemClock,
      onArrival: () => {
        this.arrivals += 1;
      },
    });
  }

  [Symbol.dispose](): void {
    this.transport.close();
  }

  profile(changed: Partial<SocketProfile> = {}): number {
    return this.transport.openProfile({
      family: this.#family,
      source: undefined,
      interface: undefined,
      mark: 0,
      dscp: 0,
      hopLimit: 64,
      isFragmentingForbidden: false,
      ...changed,
    });
  }

  queue(address: string, options: { profile?: number; payloadBytes?: number } = {}): number {
    const slot = this.#nextSlot;
    this.#nextSlot += 1;
    const { profile = 0, payloadBytes = 56 } = options;
    this.transport.queue(profile, slot, 1, 0x1234_5678, payloadBytes, words(address), 0, this.log);
    this.transport.flush(this.log);
    return slot;
  }

  drain(): void {
    this.transport.drainErrors(this.log);
    this.transport.drainReplies(this.log);
  }

  async replies(count: number): Promise<void> {
    await until(
      () => {
        this.drain();
        return this.log.replies.length >= count;
      },
      { deadlineSeconds: DEADLINE_SECONDS, what: `${count} replies` },
    );
  }

  /** Every echo was answered once, whole, after it was sent, near the time of day. */
  check(slots: readonly number[]): void {
    assert.deepEqual([...this.log.refused], []);
    assert.deepEqual(
      this.log.replies.map(({ slot }) => slot).toSorted((a, b) => a - b),
      [...slots],
    );
    for (const { slot, stamp, isChecksumRight } of this.log.replies) {
      const sentAt = this.log.sentAt.get(slot);
      assert.ok(sentAt !== undefined && stamp > sentAt);
      assert.ok(isChecksumRight);
      assert.ok(Math.abs(Number(stamp) / 1e9 - Date.now() / 1000) < DEADLINE_SECONDS);
    }
  }
}
