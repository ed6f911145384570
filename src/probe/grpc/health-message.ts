/** The two messages of the health protocol. @see grpc.health.v1 health.proto; protobuf.dev "Encoding" */

/** Values of the enum ServingStatus, by number. */
export const SERVING_STATUSES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] as const;

/** `string service = 1` and `ServingStatus status = 1`: field 1 by its type. */
const SERVICE_TAG = 0x0a;
const STATUS_FIELD = 1;
const WIRE_TYPE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
const MAX_VARINT_BYTES = 10;
/** The highest field number there is. */
const MAX_FIELD = 2 ** 29 - 1;

/** HealthCheckRequest; the server as a whole is asked for by an empty name, which is left out. */
export function encodeHealthRequest(service: string): Buffer {
  if (service === "") return Buffer.alloc(0);
  const name = Buffer.from(service, "utf8");
  return Buffer.concat([Buffer.of(SERVICE_TAG), encodeVarint(name.length), name]);
}

function encodeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.of(...bytes, rest);
}

/**
 * The number of the status in a HealthCheckResponse, 0 when it is left out. Of several the last
 * counts, fields of other numbers or types are passed over.
 *
 * @returns undefined for bytes that are no message. Groups, which proto3 does not have, are none.
 */
export function decodeHealthResponse(bytes: Uint8Array): number | undefined {
  const reader = new MessageReader(bytes);
  let status = 0;
  while (!reader.isAtEnd) {
    const tag = reader.varint();
    const field = tag === undefined ? undefined : tag >> 3n;
    if (tag === undefined || field === undefined || field < 1n || field > MAX_FIELD) {
      return undefined;
    }
    const wireType = Number(tag & 7n);
    if (wireType === WIRE_TYPE.varint) {
      const value = reader.varint();
      if (value === undefined) return undefined;
      // An enum is an int32: what is beyond it is cut off.
      if (field === BigInt(STATUS_FIELD)) status = Number(BigInt.asIntN(32, value));
    } else if (!reader.skip(wireType)) return undefined;
  }
  return status;
}

class MessageReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** A number of 64 bits at most; undefined for a longer one, or one cut short. */
  varint(): bigint | undefined {
    let value = 0n;
    for (let count = 0; count < MAX_VARINT_BYTES; count += 1) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) return undefined;
      this.#at += 1;
      value |= BigInt(byte & 0x7f) << BigInt(7 * count);
      if (byte < 128) return value < 2n ** 64n ? value : undefined;
    }
    return undefined;
  }

  /** Passes over a value that is no varint. @returns whether it was whole. */
  skip(wireType: number): boolean {
    switch (wireType) {
      case WIRE_TYPE.fixed64:
        return this.#advance(8);
      case WIRE_TYPE.fixed32:
        return this.#advance(4);
      case WIRE_TYPE.bytes: {
        const length = this.varint();
        return (
          length !== undefined && length <= this.#bytes.length && this.#advance(Number(length))
        );
      }
      default:
        return false;
    }
  }

  #advance(bytes: number): boolean {
    this.#at += bytes;
    return this.#at <= this.#bytes.length;
  }
}
