import type { Frame } from "./pcap.ts";
import { NO_STAMP, type Stamp, secondsBetween } from "./stamp.ts";

const ETHERNET_BYTES = 14;
const ETHERTYPE_IPV4 = 0x0800;
const IP_HEADER_BYTES = 20;
const PROTOCOL_ICMP = 1;
const ICMP_HEADER_BYTES = 8;
const ECHO_REQUEST = 8;
const ECHO_REPLY = 0;

/**
 * Between what the round-trip time of an echo was on the wire, in seconds.
 *
 * The near capture stamps a request before the device driver has it, and its own work follows: so the time is at
 * most that from this stamp to the reply's. The far device stamps the request when it has it: so the time is at
 * least that from there. Closer than these two nobody outside of the driver can know it.
 */
export type RttBounds = { readonly atLeast: number; readonly atMost: number };

/** One echo that was answered: its round-trip time, and the stamps that it follows from. */
export type WireEcho = RttBounds & {
  /** The near capture's, of the request. */
  readonly left: Stamp;
  /** The far capture's, of the request; `NO_STAMP` when it does not have it. */
  readonly arrived: Stamp;
  /** The near capture's, of the reply. */
  readonly replied: Stamp;
  /** How long the near capture had seen nothing of these addresses when the request came; Infinity for its first. */
  readonly quietSeconds: number;
};

/** What captures on both devices say of the echoes to some addresses. */
export type WireTruth = {
  readonly requests: number;
  /** Requests that no reply came to while the captures ran. */
  readonly unanswered: number;
  /** In order of the replies. */
  readonly echoes: readonly WireEcho[];
  /** The same by `echoKey`: sequence numbers are used again, so one key may have several. */
  readonly echoesByKey: ReadonlyMap<number, readonly WireEcho[]>;
};

export type CaptureFile = { readonly bytes: DataView; readonly frames: Iterable<Frame> };

/**
 * Names an echo by what is in its packets. Below 2^52 as long as the addresses share their upper 12 bits.
 *
 * @param address As a number, most significant byte first.
 */
export function echoKey(address: number, identifier: number, sequence: number): number {
  return ((address & 0x000f_ffff) * 0x1_0000 + identifier) * 0x1_0000 + sequence;
}

/** `10.88.0.1` as a number, most significant byte first. */
export function addressNumber(address: string): number {
  return address.split(".").reduce((number, byte) => number * 256 + Number(byte), 0);
}

/**
 * Pairs requests and replies by address, identifier and sequence number. Other packets are passed over.
 *
 * @param near Requests and replies.
 * @param far Requests on arrival.
 */
export function readWire(
  near: CaptureFile,
  far: CaptureFile,
  addresses: readonly string[],
): WireTruth {
  const targets = new Set(addresses.map(addressNumber));
  const arrivals = arrivalsOf(far, targets);
  const pending = new Map<number, Omit<WireEcho, keyof RttBounds | "replied">>();
  const echoes: WireEcho[] = [];
  const echoesByKey = new Map<number, WireEcho[]>();
  let requests = 0;
  let unanswered = 0;
  let previous: Stamp | undefined;
  for (const { frame, type, key } of echoesOf(near, targets)) {
    const request = pending.get(key);
    if (type === ECHO_REQUEST) {
      requests += 1;
      if (request !== undefined) unanswered += 1;
      pending.set(key, {
        left: frame,
        arrived: arrivals.get(key)?.shift() ?? NO_STAMP,
        quietSeconds: previous === undefined ? Infinity : secondsBetween(previous, frame),
      });
    } else if (request !== undefined) {
      pending.delete(key);
      const echo = { ...request, ...boundsOf(request, frame), replied: frame };
      echoes.push(echo);
      append(echoesByKey, key, echo);
    }
    previous = frame;
  }
  return { requests, unanswered: unanswered + pending.size, echoes, echoesByKey };
}

function arrivalsOf(far: CaptureFile, targets: ReadonlySet<number>): Map<number, Stamp[]> {
  const arrivals = new Map<number, Stamp[]>();
  for (const { frame, type, key } of echoesOf(far, targets)) {
    if (type === ECHO_REQUEST) append(arrivals, key, frame);
  }
  return arrivals;
}

/** A request that the far capture does not have bounds nothing from below. */
function boundsOf(
  { left, arrived }: Pick<WireEcho, "left" | "arrived">,
  replied: Stamp,
): RttBounds {
  const fromArrival = secondsBetween(arrived, replied);
  return {
    atLeast: Number.isNaN(fromArrival) ? 0 : fromArrival,
    atMost: secondsBetween(left, replied),
  };
}

function append<T>(lists: Map<number, T[]>, key: number, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

function* echoesOf(
  { bytes, frames }: CaptureFile,
  targets: ReadonlySet<number>,
): Generator<{ readonly frame: Frame; readonly type: Echo["type"]; readonly key: number }> {
  for (const frame of frames) {
    const echo = echoOf(bytes, frame);
    if (echo === undefined || !targets.has(echo.target)) continue;
    const key = echoKey(echo.target, echo.identifier, echo.sequence);
    yield { frame, type: echo.type, key };
  }
}

type Echo = {
  readonly type: typeof ECHO_REQUEST | typeof ECHO_REPLY;
  /** The far address, whichever way the packet goes. */
  readonly target: number;
  readonly identifier: number;
  readonly sequence: number;
};

function echoOf(file: DataView, { offset, bytes }: Frame): Echo | undefined {
  if (bytes < ETHERNET_BYTES + IP_HEADER_BYTES) return undefined;
  if (file.getUint16(offset + 12) !== ETHERTYPE_IPV4) return undefined;
  const ip = offset + ETHERNET_BYTES;
  if (file.getUint8(ip + 9) !== PROTOCOL_ICMP) return undefined;
  const icmp = ip + (file.getUint8(ip) & 0xf) * 4;
  if (icmp + ICMP_HEADER_BYTES > offset + bytes) return undefined;
  const type = file.getUint8(icmp);
  if (type !== ECHO_REQUEST && type !== ECHO_REPLY) return undefined;
  return {
    type,
    target: file.getUint32(ip + (type === ECHO_REQUEST ? 16 : 12)),
    identifier: file.getUint16(icmp + 4),
    sequence: file.getUint16(icmp + 6),
  };
}
