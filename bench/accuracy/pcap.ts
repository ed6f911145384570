import type { Stamp } from "./stamp.ts";

/** Little-endian capture with nanosecond stamps (draft-ietf-opsawg-pcap section 4). */
const NANOSECOND_MAGIC = 0xa1b2_3c4d;
const FILE_HEADER_BYTES = 24;
const PACKET_HEADER_BYTES = 16;
const LINKTYPE_ETHERNET = 1;

/** One captured frame and when the kernel saw it. */
export type Frame = Stamp & {
  /** Where the frame begins in the file, and how much of it was kept. */
  readonly offset: number;
  readonly bytes: number;
};

/**
 * Reads a capture file of `tcpdump --time-stamp-precision=nano`. A last packet that was cut off is left out.
 *
 * @throws when it is a file of another kind.
 */
export function* framesOf(file: DataView): Generator<Frame> {
  if (file.byteLength < FILE_HEADER_BYTES || file.getUint32(0, true) !== NANOSECOND_MAGIC) {
    throw new Error("Cannot read the capture: it has no nanosecond stamps");
  }
  // The upper four bits tell of a checksum at the end of each frame.
  if ((file.getUint32(20, true) & 0x0fff_ffff) !== LINKTYPE_ETHERNET) {
    throw new Error("Cannot read the capture: it is not of an Ethernet device");
  }
  for (let at = FILE_HEADER_BYTES; at + PACKET_HEADER_BYTES <= file.byteLength; ) {
    const bytes = file.getUint32(at + 8, true);
    const offset = at + PACKET_HEADER_BYTES;
    if (offset + bytes > file.byteLength) return;
    yield {
      seconds: file.getUint32(at, true),
      nanoseconds: file.getUint32(at + 4, true),
      offset,
      bytes,
    };
    at = offset + bytes;
  }
}
