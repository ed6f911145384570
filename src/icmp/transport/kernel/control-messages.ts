import * as c from "./libc.ts";

const CMSG_HEADER_BYTES = 16;

/**
 * What the control data of one received message said. [hot]
 *
 * One object, used again for each message, so that none is made per packet.
 */
export class ControlMessages {
  /** Kernel stamp as Unix time; 0 seconds when there was none. */
  seconds = 0;
  nanoseconds = 0;
  /** NaN when the kernel did not say. */
  hopLimit = Number.NaN;
  /** SO_EE_ORIGIN_…, −1 when there was no extended error. */
  errorOrigin = -1;
  errorType = 0;
  errorCode = 0;
  /** For a transmit stamp: the number of its packet on the socket. */
  errorData = 0;
  /** Where in the words the socket address of whoever sent an ICMP error begins (SO_EE_OFFENDER). */
  offenderWord = 0;

  /**
   * Reads control messages at `offset`. Lengths come from the kernel; one that leads nowhere ends the reading.
   *
   * @see cmsg(3); linux/errqueue.h for struct scm_timestamping and sock_extended_err.
   */
  read(bytes: Uint8Array, words: Uint32Array, offset: number, length: number): void {
    this.seconds = 0;
    this.nanoseconds = 0;
    this.hopLimit = Number.NaN;
    this.errorOrigin = -1;
    let at = offset;
    const end = offset + length;
    while (at + CMSG_HEADER_BYTES <= end) {
      const word = at >>> 2;
      const messageBytes = words[word] ?? 0;
      if (messageBytes < CMSG_HEADER_BYTES || at + messageBytes > end) return;
      this.#take(bytes, words, words[word + 2] ?? 0, words[word + 3] ?? 0, at + CMSG_HEADER_BYTES);
      at += (messageBytes + 7) & ~7;
    }
  }

  #take(bytes: Uint8Array, words: Uint32Array, level: number, type: number, data: number): void {
    const word = data >>> 2;
    if (level === c.SOL_SOCKET && type === c.SO_TIMESTAMPING) {
      // ts[0], the software stamp: two 64-bit integers whose low words are enough until 2106.
      this.seconds = words[word] ?? 0;
      this.nanoseconds = words[word + 2] ?? 0;
    } else if (
      (level === c.SOL_IP && type === c.IP_RECVERR) ||
      (level === c.SOL_IPV6 && type === c.IPV6_RECVERR)
    ) {
      this.errorOrigin = bytes[data + 4] ?? 0;
      this.errorType = bytes[data + 5] ?? 0;
      this.errorCode = bytes[data + 6] ?? 0;
      this.errorData = words[word + 3] ?? 0;
      // Behind the 16 bytes of struct sock_extended_err; of family 0 when nobody sent it.
      this.offenderWord = word + 4;
    } else if (
      (level === c.SOL_IPV6 && type === c.IPV6_HOPLIMIT) ||
      (level === c.SOL_IP && type === c.IP_TTL)
    ) {
      this.hopLimit = words[word] ?? 0;
    }
  }
}
