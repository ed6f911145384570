import type { AddressFamily } from "../../../runtime/address.ts";
import type { PacketSink } from "../../transport.ts";
import type { ControlMessages } from "./control-messages.ts";
import * as c from "./libc.ts";
import { setOption } from "./socket-profile.ts";

/** Transmit stamps from the kernel's software clock, without a copy of the packet. */
const STAMPS =
  c.SOF_TIMESTAMPING_TX_SOFTWARE | c.SOF_TIMESTAMPING_SOFTWARE | c.SOF_TIMESTAMPING_OPT_TSONLY;
/** Stamps that may be outstanding; far more than a send buffer holds packets. */
const KEYS = 65_536;

/**
 * Whose transmit stamp is whose. [hot]
 *
 * The kernel numbers the packets of a socket from 0 (OPT_ID) and stamps come with that number, its key; `#slots`
 * holds the echo behind each.
 */
export class StampKeys {
  readonly #libc: c.Libc;
  readonly #descriptor: number;
  readonly #flags: number;
  readonly #slots = new Uint32Array(KEYS);
  #next = 0;
  #awaited = 0;

  /** @param moreFlags SOF_TIMESTAMPING_… for what the socket receives. */
  constructor(libc: c.Libc, descriptor: number, moreFlags = 0) {
    this.#libc = libc;
    this.#descriptor = descriptor;
    this.#flags = STAMPS | moreFlags;
  }

  /**
   * Switches stamps on, of a new socket.
   *
   * @throws IcmpSocketError when the system refuses.
   */
  start(family: AddressFamily): void {
    const flags = this.#flags | c.SOF_TIMESTAMPING_OPT_ID;
    const { SOL_SOCKET, SO_TIMESTAMPING } = c;
    setOption(this.#libc, family, this.#descriptor, SOL_SOCKET, SO_TIMESTAMPING, flags, "stamps");
  }

  /**
   * After a send that was refused, once the error queue has been read: the packet may or may not have used a key
   * (measured: EPERM two, ENETUNREACH one), so counting would drift and every later stamp belong to the wrong
   * echo. Turning OPT_ID off and on sets the kernel's counter to 0 (net/core/sock.c, sock_set_timestamping).
   */
  restart(): void {
    const { setOption: set } = this.#libc;
    const flags = this.#flags;
    set(this.#descriptor, c.SOL_SOCKET, c.SO_TIMESTAMPING, flags);
    set(this.#descriptor, c.SOL_SOCKET, c.SO_TIMESTAMPING, flags | c.SOF_TIMESTAMPING_OPT_ID);
    this.#next = 0;
    this.#awaited = 0;
  }

  /** Whether the error queue may hold stamps. */
  get isAwaiting(): boolean {
    return this.#awaited > 0;
  }

  /** The kernel took the packet of this echo, after all that were noted before. */
  note(slot: number): void {
    this.#slots[this.#next & (KEYS - 1)] = slot;
    this.#next += 1;
    this.#awaited += 1;
  }

  /** A stamp came. Devices upon one another may stamp a packet more than once. */
  take(control: ControlMessages, sink: PacketSink): void {
    if (control.seconds === 0) return;
    this.#awaited = Math.max(this.#awaited - 1, 0);
    const key = control.errorData;
    if (key < this.#next) {
      sink.transmitStamp(this.#slots[key & (KEYS - 1)] ?? 0, control.seconds, control.nanoseconds);
    }
  }
}
