import {
  ECHO_REQUEST_V4,
  ECHO_REQUEST_V6,
  fillerSum,
  ICMP_HEADER_BYTES,
  writeEchoRequest,
  writeFiller,
} from "../../packet.ts";
import { IPV6_FRAGMENT_HEADER_BYTES, IPV6_HEADER_BYTES } from "./ip-header.ts";

/** Room ahead of the message for an IP header of ours. */
const HEADER_ROOM_BYTES = IPV6_HEADER_BYTES + IPV6_FRAGMENT_HEADER_BYTES;

/** The one echo request that is on its way to the kernel, which copies it during the send call. */
export class OutgoingEcho {
  /** Where the ICMP header begins in `bytes`. */
  readonly message: number = HEADER_ROOM_BYTES;
  /** The slot that the echo is named by. */
  slot = 0;
  messageBytes = 0;
  readonly #type: number;
  readonly #fillerSums = new Map<number, number>();
  #bytes = Buffer.alloc(0);
  #payloadBytes = -1;

  constructor(isVersion6: boolean, payloadBytes: number) {
    this.#type = isVersion6 ? ECHO_REQUEST_V6 : ECHO_REQUEST_V4;
    this.reserve(payloadBytes);
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Makes room for payloads of this size. */
  reserve(payloadBytes: number): void {
    if (payloadBytes <= this.#payloadBytes) return;
    this.#bytes = Buffer.alloc(HEADER_ROOM_BYTES + ICMP_HEADER_BYTES + payloadBytes);
    this.#payloadBytes = payloadBytes;
    // The filler of a smaller payload is the beginning of it.
    writeFiller(this.#bytes, HEADER_ROOM_BYTES, payloadBytes);
  }

  write(slot: number, identifier: number, cookie: number, payloadBytes: number): void {
    this.reserve(payloadBytes);
    this.slot = slot;
    this.messageBytes = ICMP_HEADER_BYTES + payloadBytes;
    writeEchoRequest(
      this.#bytes,
      this.message,
      this.#type,
      identifier,
      slot & 0xffff,
      cookie,
      payloadBytes,
      this.#fillerSum(payloadBytes),
    );
  }

  #fillerSum(payloadBytes: number): number {
    let sum = this.#fillerSums.get(payloadBytes);
    if (sum === undefined) {
      sum = fillerSum(payloadBytes);
      this.#fillerSums.set(payloadBytes, sum);
    }
    return sum;
  }
}
