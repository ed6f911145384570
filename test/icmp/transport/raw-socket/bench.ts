import type { SocketProfile } from "../../../../src/icmp/echo.ts";
import { internetChecksum } from "../../../../src/icmp/packet.ts";
import { RawSocketTransport } from "../../../../src/icmp/transport/raw-socket/raw-socket.ts";
import { socketAddress } from "../../../../src/icmp/transport/socket-address.ts";
import type { AddressFamily } from "../../../../src/runtime/address.ts";
import { type FakeClock, fakeClock } from "../../../support/fake-clock.ts";
import { type FakeRawSocket, FakeRawSocketPackage } from "../../../support/fake-raw-socket.ts";
import { PacketLog } from "../../../support/packet-log.ts";

export const FIRST_IDENTIFIER = 0x4560;
export const COOKIE = 0x1234_5678;
export const TARGET = { ipv4: "192.0.2.1", ipv6: "2001:db8::1" } as const;
/** Where `fakeClock` starts. */
export const START = 1_700_000_000n * 1_000_000_000n;

const plain: Omit<SocketProfile, "family"> = {
  source: undefined,
  interface: undefined,
  mark: 0,
  dscp: 0,
  hopLimit: 64,
  isFragmentingForbidden: false,
};

/** A transport on a fake package and a clock that stands still. */
export class RawSocketBench {
  readonly rawSocket = new FakeRawSocketPackage();
  readonly clock: FakeClock = fakeClock();
  readonly log = new PacketLog();
  readonly transport: RawSocketTransport;
  readonly family: AddressFamily;
  arrivals = 0;

  constructor(
    family: AddressFamily,
    options: { receiveBufferBytes?: number; platform?: NodeJS.Platform } = {},
  ) {
    this.family = family;
    this.transport = new RawSocketTransport({
      rawSocket: this.rawSocket,
      family,
      firstIdentifier: FIRST_IDENTIFIER,
      receiveBufferBytes: options.receiveBufferBytes ?? 2 ** 20,
      clock: this.clock,
      onArrival: () => {
        this.arrivals += 1;
      },
      platform: options.platform ?? "linux",
      isOwnAddress: (address) => address === "192.0.2.9" || address === "2001:db8::9",
      interfaceName: (index) => (index === 4 ? "eth0" : undefined),
    });
  }

  profile(changed: Partial<SocketProfile> = {}): number {
    return this.transport.openProfile({ ...plain, family: this.family, ...changed });
  }

  queue(slot: number, options: { profile?: number; bytes?: number; to?: string } = {}): void {
    const { profile = 0, bytes = 56, to = TARGET[this.family] } = options;
    const words = socketAddress(to, { interfaceIndex: () => 4 });
    this.transport.queue(profile, slot, 1, COOKIE, bytes, words, 0, this.log);
  }

  get receiver(): FakeRawSocket {
    return this.rawSocket.receiver;
  }

  /** The kernel holds the answer to what a sender sent. */
  holdReplyTo(request: Uint8Array, from: string = TARGET[this.family]): void {
    const isVersion6 = this.family === "ipv6";
    const header = isVersion6 ? [] : [0x45, 0, 0, 0, 0, 0, 0, 0, 61, 1, ...Array(10).fill(0)];
    const reply = Uint8Array.from([...header, ...request]);
    reply[header.length] = isVersion6 ? 129 : 0;
    reply.fill(0, header.length + 2, header.length + 4);
    const sum = internetChecksum(reply, header.length, reply.length - header.length);
    reply[header.length + 2] = sum >>> 8;
    reply[header.length + 3] = sum & 0xff;
    this.receiver.hold(reply, from);
  }

  /** Every echo is answered as soon as it is sent. */
  answerAll(): void {
    this.rawSocket.onSent = (bytes, address) => this.holdReplyTo(bytes, address);
  }

  drain(): boolean {
    this.transport.drainErrors(this.log);
    return this.transport.drainReplies(this.log);
  }
}
