import type { SocketProfile } from "../../echo.ts";
import type { PacketSink } from "../../transport.ts";
import type { ErrorQueue } from "./error-queue.ts";
import * as c from "./libc.ts";
import { openIcmpSocket } from "./open-socket.ts";
import { setOption, setProfile, setReceiveBuffer, setSendBuffer } from "./socket-profile.ts";
import { StampKeys } from "./stamp-keys.ts";
import type { SenderSocket } from "./stamped-sender.ts";

/** For the transmit stamps of some thousand packets. */
const STAMP_BUFFER_BYTES = 4 * 2 ** 20;

/**
 * A raw socket that only sends, for one profile. [hot]
 *
 * It receives nothing (a filter refuses all), so that a burst of transmit stamps takes no room from replies.
 */
export class SendSocket implements SenderSocket {
  readonly descriptor: number;
  readonly keys: StampKeys;
  /** What a raw socket's send is refused for is its own: an ICMP error is not handed out by it (measured). */
  readonly tries = 1;
  readonly #libc: c.Libc;
  readonly #errors: ErrorQueue;

  /** @throws IcmpSocketError when the system refuses the socket or an option of the profile. */
  constructor(libc: c.Libc, profile: SocketProfile, errors: ErrorQueue) {
    this.#libc = libc;
    this.#errors = errors;
    this.descriptor = openIcmpSocket(libc, profile.family, "raw");
    this.keys = new StampKeys(libc, this.descriptor);
    try {
      this.#setUp(profile);
    } catch (error) {
      libc.close(this.descriptor);
      throw error;
    }
  }

  #setUp(profile: SocketProfile): void {
    const { family } = profile;
    if (family === "ipv6") {
      const all = new Uint8Array(32).fill(0xff);
      this.#set(profile, c.SOL_ICMPV6, c.ICMPV6_FILTER, all);
    } else {
      this.#set(profile, c.SOL_RAW, c.ICMP_FILTER, -1);
      // Else the kernel keeps quiet about packets that its own transmit queue dropped (net/ipv4/raw.c, raw_sendmsg).
      setOption(this.#libc, family, this.descriptor, c.SOL_IP, c.IP_RECVERR, 1, "the error queue");
    }
    this.#libc.attachFilter(this.descriptor, [[0x06, 0, 0, 0]]);
    setSendBuffer(this.#libc, this.descriptor);
    setReceiveBuffer(this.#libc, this.descriptor, STAMP_BUFFER_BYTES);
    this.keys.start(family);
    setProfile(this.#libc, this.descriptor, profile);
  }

  #set(profile: SocketProfile, level: number, option: number, value: number | Uint8Array): void {
    setOption(this.#libc, profile.family, this.descriptor, level, option, value, "filter");
  }

  /** Reads the transmit stamps that are there, past ICMP errors, of which the receiving socket tells. */
  drainErrors(sink: PacketSink): number {
    if (this.keys.isAwaiting) this.#errors.drain(this.descriptor, this.keys, undefined, sink);
    return 0;
  }

  close(): void {
    this.#libc.close(this.descriptor);
  }
}
