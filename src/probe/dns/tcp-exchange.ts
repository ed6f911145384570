import type { Socket } from "node:net";
import type { Attempt } from "../attempt.ts";
import { type Failed, failed, failureOf } from "../failure.ts";
import { mismatch, type Query } from "./question.ts";
import { type DnsAnswer, readAnswer } from "./read-answer.ts";

const LENGTH_BYTES = 2;

/**
 * Asks once over an open stream, plain or TLS. The first message is the answer; what comes behind it is not read.
 *
 * @throws the reason of the attempt's signal. The socket is destroyed in every ending.
 * @see RFC 1035 section 4.2.2 (the length before a message); RFC 7766 section 8 (both in one write)
 */
export async function exchangeTcp(
  query: Query,
  socket: Socket,
  attempt: Pick<Attempt, "stages" | "signal">,
): Promise<DnsAnswer> {
  attempt.stages.enter("query");
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16BE(query.bytes.length);
  try {
    socket.write(Buffer.concat([length, query.bytes]));
    const bytes = await firstMessage(socket, attempt.signal);
    if (!Buffer.isBuffer(bytes)) return bytes;
    const read = readAnswer(bytes);
    if (read.kind === "failed") return read;
    const why = mismatch(read.message, query);
    return why === undefined ? read : failed("query_malformed", `the answer is not ours: ${why}`);
  } finally {
    socket.destroy();
  }
}

/** The bytes of one message, at most 65,535. */
async function firstMessage(socket: Socket, signal: AbortSignal): Promise<Buffer | Failed> {
  return await new Promise((resolve, reject) => {
    const length = Buffer.alloc(LENGTH_BYTES);
    // One buffer, however small the pieces are that the message comes in.
    let message: Buffer | undefined;
    let receivedBytes = 0;
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    socket.on("data", (chunk: Buffer) => {
      const ofLength = chunk.copy(length, Math.min(receivedBytes, LENGTH_BYTES));
      receivedBytes += ofLength;
      if (receivedBytes < LENGTH_BYTES) return;
      message ??= Buffer.alloc(length.readUInt16BE());
      receivedBytes += chunk.copy(message, receivedBytes - LENGTH_BYTES, ofLength);
      if (receivedBytes === LENGTH_BYTES + message.length) resolve(message);
    });
    socket.on("error", (error) => resolve(failureOf(error, "query")));
    socket.once("close", () => {
      const when = receivedBytes === 0 ? "before an answer came" : "before the answer was whole";
      resolve(failed("dialogue_closed", `the server closed the connection ${when}`));
    });
  });
}
