import { addressBytes } from "../../../runtime/address.ts";
import type { SocketProfile } from "../../echo.ts";
import { IcmpSocketError } from "../../transport.ts";
import { errnoNameOf, errnoNumber } from "./errors.ts";
import {
  type Fragment,
  IPV4_HEADER_BYTES,
  IPV6_FRAGMENT_HEADER_BYTES,
  IPV6_HEADER_BYTES,
  type IpHeader,
  writeIcmpv6Checksum,
  writeIpv4Header,
  writeIpv6Header,
} from "./ip-header.ts";
import { type OpenRawSocket, openSocket, RawSocketOptions } from "./options.ts";
import type { OutgoingEcho } from "./outgoing.ts";
import type { RawSocket } from "./package.ts";
import type { UnixStamps } from "./stamps.ts";

/** It never reads. */
const READ_BUFFER_BYTES = 64;
/** Small enough for every IPv6 link (RFC 8200 section 5), and for nearly all there is of IPv4. */
const FRAGMENT_PACKET_BYTES = 1280;
const OK = 0;

/**
 * A socket of the package that only sends, for one profile.
 *
 * The kernel writes the IP header, unless the profile has a source address: the package cannot bind, so that header is
 * ours then, and so are the fragments of an echo that is larger than its link takes.
 */
export class RawSocketSender {
  readonly #open: OpenRawSocket;
  readonly #profile: SocketProfile;
  readonly #stamps: UnixStamps;
  readonly #source: Uint8Array | undefined;
  readonly #fragment = Buffer.alloc(FRAGMENT_PACKET_BYTES);
  #socket: RawSocket | undefined;
  #isFirstPacket = true;
  #errno = OK;
  readonly #before = (): void => {
    if (this.#isFirstPacket) this.#stamps.read();
  };
  readonly #after = (error: Error | null): void => {
    this.#errno = error === null ? OK : errnoNumber(errnoNameOf(error));
  };

  /**
   * @param stamps Read just before the first packet of each echo.
   * @param isOwnAddress Whether packets may carry a source address.
   * @throws IcmpSocketError when the system refuses the socket or an option of the profile.
   */
  constructor(
    open: Omit<OpenRawSocket, "bufferBytes">,
    profile: SocketProfile,
    stamps: UnixStamps,
    isOwnAddress: (address: string) => boolean,
  ) {
    this.#open = { ...open, bufferBytes: READ_BUFFER_BYTES };
    this.#profile = profile;
    this.#stamps = stamps;
    this.#source = profile.source === undefined ? undefined : addressBytes(profile.source);
    if (profile.source !== undefined && !isOwnAddress(profile.source)) {
      throw new IcmpSocketError(
        profile.family,
        "EADDRNOTAVAIL",
        `Cannot set source address ${profile.source} on the ${profile.family} ICMP socket: EADDRNOTAVAIL`,
      );
    }
    this.#socket = this.#openSocket();
  }

  #openSocket(): RawSocket {
    const socket = openSocket(this.#open);
    // Without a listener an error would end the process; a send has its own way to tell.
    socket.on("error", () => {});
    socket.on("close", () => {
      if (this.#socket === socket) this.#socket = undefined;
    });
    try {
      const options = new RawSocketOptions(socket, this.#open);
      options.setSendOnly();
      options.setProfile(this.#profile);
    } catch (error) {
      socket.close();
      throw error;
    }
    return socket;
  }

  /**
   * Sends one echo.
   *
   * @param address The destination in text with its zone; `destination` holds its bytes.
   * @returns 0, or the number of the error. The time before the send call is in `stamps`.
   */
  send(echo: OutgoingEcho, address: string, destination: Uint8Array): number {
    this.#isFirstPacket = true;
    if (this.#source === undefined) {
      return this.#hand(echo.bytes, echo.message, echo.messageBytes, address);
    }
    const { hopLimit, dscp, family, isFragmentingForbidden } = this.#profile;
    const header: IpHeader = { source: this.#source, destination, hopLimit, dscp };
    if (family === "ipv6") {
      writeIcmpv6Checksum(echo.bytes, echo.message, echo.messageBytes, header);
    }
    const at = echo.message - (family === "ipv6" ? IPV6_HEADER_BYTES : IPV4_HEADER_BYTES);
    this.#writeHeader(echo.bytes, at, header, echo.messageBytes);
    const bytes = echo.message - at + echo.messageBytes;
    const errno = this.#hand(echo.bytes, at, bytes, address);
    // The kernel does not fragment what comes with a header (raw(7)).
    const isTooLarge = errno === errnoNumber("EMSGSIZE") && bytes > FRAGMENT_PACKET_BYTES;
    return isTooLarge && !isFragmentingForbidden
      ? this.#sendFragments(echo, address, header)
      : errno;
  }

  #sendFragments(echo: OutgoingEcho, address: string, header: IpHeader): number {
    const isVersion6 = this.#profile.family === "ipv6";
    const headerBytes = isVersion6
      ? IPV6_HEADER_BYTES + IPV6_FRAGMENT_HEADER_BYTES
      : IPV4_HEADER_BYTES;
    const stepBytes = Math.floor((FRAGMENT_PACKET_BYTES - headerBytes) / 8) * 8;
    for (let offset = 0; offset < echo.messageBytes; offset += stepBytes) {
      const partBytes = Math.min(stepBytes, echo.messageBytes - offset);
      const fragment: Fragment = {
        // As the slot, it comes again after 65,535 echoes at the earliest; 0 would be the kernel's to choose.
        identification: isVersion6 ? echo.slot : 1 + (echo.slot % 0xffff),
        offsetBytes: offset,
        hasMore: offset + partBytes < echo.messageBytes,
      };
      this.#writeHeader(this.#fragment, 0, header, partBytes, fragment);
      const from = echo.message + offset;
      echo.bytes.copy(this.#fragment, headerBytes, from, from + partBytes);
      this.#isFirstPacket = offset === 0;
      const errno = this.#hand(this.#fragment, 0, headerBytes + partBytes, address);
      if (errno !== OK) return errno;
    }
    return OK;
  }

  #writeHeader(
    bytes: Uint8Array,
    at: number,
    header: IpHeader,
    payloadBytes: number,
    fragment?: Fragment,
  ): void {
    if (this.#profile.family === "ipv6") {
      writeIpv6Header(bytes, at, header, payloadBytes, fragment);
    } else {
      writeIpv4Header(bytes, at, header, this.#profile.isFragmentingForbidden, fragment);
    }
  }

  #hand(bytes: Buffer, at: number, length: number, address: string): number {
    let socket = this.#socket;
    if (socket === undefined) {
      try {
        socket = this.#openSocket();
      } catch (error) {
        return error instanceof IcmpSocketError ? errnoNumber(error.errno) : errnoNumber("EIO");
      }
      this.#socket = socket;
    }
    this.#errno = errnoNumber("EAGAIN");
    socket.send(bytes, at, length, address, this.#before, this.#after);
    // At once: the package itself would send one packet a turn of the event loop.
    socket.onSendReady();
    return this.#errno;
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }
}
