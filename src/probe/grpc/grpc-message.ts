/** A prefix of a flag and a length before each message. @see gRPC: PROTOCOL-HTTP2.md, "Length-Prefixed-Message" */
const PREFIX_BYTES = 5;
/** An answer to a health check has two bytes; what is much longer is something else. */
const MAX_MESSAGE_BYTES = 64 * 1024;

/** A message as it goes into DATA: not compressed, with its length. */
export function prefixed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Why an answer's body cannot be taken, in words and as the kind that decides its code. */
export type MessageProblem = {
  readonly kind: "malformed" | "too_large";
  readonly detail: string;
};

/**
 * The one message of the answer to a call with one, as its bytes come in.
 *
 * Room is made once, by the length in the prefix, so that a message in many small pieces costs no more
 * than one in a single piece.
 */
export class MessageCollector {
  readonly #prefix = Buffer.alloc(PREFIX_BYTES);
  #prefixBytes = 0;
  #message: Buffer | undefined;
  #messageBytes = 0;
  #problem: MessageProblem | undefined;

  /** Why no more of it is wanted; undefined while it is. */
  get problem(): MessageProblem | undefined {
    return this.#problem;
  }

  /** The message, once it is whole. */
  get message(): Buffer | undefined {
    return this.#messageBytes === this.#message?.length ? this.#message : undefined;
  }

  /** Whether a message has begun and is not whole. */
  get isCutShort(): boolean {
    return this.#prefixBytes > 0 && this.message === undefined;
  }

  /** @returns whether to go on reading. */
  add(chunk: Uint8Array): boolean {
    const prefixEnd = Math.min(chunk.length, PREFIX_BYTES - this.#prefixBytes);
    this.#prefix.set(chunk.subarray(0, prefixEnd), this.#prefixBytes);
    this.#prefixBytes += prefixEnd;
    this.#problem ??= this.#begin() ?? this.#fill(chunk.subarray(prefixEnd));
    return this.#problem === undefined;
  }

  /** Looks at the prefix, as far as it is there, and makes room by it. */
  #begin(): MessageProblem | undefined {
    if (this.#prefixBytes === 0 || this.#message !== undefined) return undefined;
    const flag = this.#prefix.readUInt8();
    if (flag > 1) return malformed(`a message begins with ${flag} where 0 or 1 must be`);
    if (flag === 1) return malformed("the message is compressed, which was not offered");
    if (this.#prefixBytes < PREFIX_BYTES) return undefined;
    const lengthBytes = this.#prefix.readUInt32BE(1);
    if (lengthBytes > MAX_MESSAGE_BYTES) {
      const detail = `the message has ${lengthBytes} bytes, at most ${MAX_MESSAGE_BYTES} are taken`;
      return { kind: "too_large", detail };
    }
    this.#message = Buffer.alloc(lengthBytes);
    return undefined;
  }

  #fill(bytes: Uint8Array): MessageProblem | undefined {
    if (this.#message === undefined) return undefined;
    const room = this.#message.length - this.#messageBytes;
    if (bytes.length > room) return malformed("more than one message came");
    this.#message.set(bytes, this.#messageBytes);
    this.#messageBytes += bytes.length;
    return undefined;
  }
}

function malformed(detail: string): MessageProblem {
  return { kind: "malformed", detail };
}
