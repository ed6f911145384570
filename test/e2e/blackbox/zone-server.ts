import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { type Close, closeAll, listenOn } from "./listening.ts";

/** One resource record, its data in the bytes of the wire. */
export type ZoneRecord = {
  readonly name: string;
  readonly type: number;
  readonly ttlSeconds?: number;
  readonly class?: number;
  readonly data: Buffer;
};

/** What is answered to a name. Raw bytes take the place of the whole message after its id. */
export type ZoneAnswer = {
  readonly code?: number;
  readonly answer?: readonly ZoneRecord[];
  readonly authority?: readonly ZoneRecord[];
  readonly additional?: readonly ZoneRecord[];
  /** Over UDP only the question comes back, with the TC bit. */
  readonly isTruncated?: boolean;
  readonly raw?: Buffer;
  /** Another id, or another question, than was asked. */
  readonly isForged?: boolean;
};

export type ZoneQuestion = {
  /** In lower case, without the dot at its end. */
  readonly name: string;
  readonly type: number;
  readonly isRecursionDesired: boolean;
};

/** @returns undefined for silence. */
export type Zone = (question: ZoneQuestion) => ZoneAnswer | undefined;

const HEADER_BYTES = 12;
const FLAGS = { response: 0x8000, authoritative: 0x0400, truncated: 0x0200, recursion: 0x0100 };

/**
 * A name server for one zone on one address, by UDP and TCP.
 *
 * @see RFC 1035 section 4 (messages), section 4.2.2 (the length before a TCP message).
 */
export async function openZoneServer(
  zone: Zone,
  port: number,
  host: "127.0.0.1" | "::1" = "127.0.0.1",
): Promise<Close> {
  const udp = createSocket(host === "::1" ? "udp6" : "udp4");
  udp.on("message", (message, from) => {
    const reply = replyTo(message, zone, true);
    // A client that has closed its port makes the kernel report an error, which is no news.
    if (reply !== undefined) udp.send(reply, from.port, from.address, () => {});
  });
  udp.bind(port, host);
  await once(udp, "listening");
  const closeTcp = await listenOn(
    createServer((socket) => answerStream(socket, zone)),
    port,
    host,
  );
  const closeUdp = (): Promise<void> => new Promise((done) => udp.close(() => done()));
  return () => closeAll([closeTcp, closeUdp]);
}

/** The same by DNS over TLS alone. @see RFC 7858 */
export async function openTlsZoneServer(
  zone: Zone,
  port: number,
  options: TlsOptions,
): Promise<Close> {
  const server = createTlsServer(options, (socket) => answerStream(socket, zone));
  server.on("tlsClientError", () => {});
  return await listenOn(server, port);
}

function answerStream(socket: Socket, zone: Zone): void {
  let pending: Buffer = Buffer.alloc(0);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const endAt = 2 + pending.readUInt16BE(0);
      const reply = replyTo(pending.subarray(2, endAt), zone, false);
      pending = pending.subarray(endAt);
      if (reply === undefined) continue;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      socket.write(Buffer.concat([length, reply]));
    }
  });
}

function replyTo(message: Buffer, zone: Zone, isUdp: boolean): Buffer | undefined {
  if (message.length < HEADER_BYTES + 5) return undefined;
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const askedFlags = message.readUInt16BE(2);
  const question = message.subarray(HEADER_BYTES, at + 5);
  const answer = zone({
    name: labels.join(".").toLowerCase(),
    type: message.readUInt16BE(at + 1),
    isRecursionDesired: (askedFlags & FLAGS.recursion) !== 0,
  });
  if (answer === undefined) return undefined;
  const id = message.subarray(0, 2);
  if (answer.raw !== undefined) return Buffer.concat([id, answer.raw]);
  const isCut = answer.isTruncated === true && isUdp;
  const sections = [answer.answer, answer.authority, answer.additional].map((records) =>
    isCut ? [] : (records ?? []),
  );
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(id.readUInt16BE(0) ^ (answer.isForged === true ? 1 : 0), 0);
  header.writeUInt16BE(
    FLAGS.response |
      FLAGS.authoritative |
      (askedFlags & FLAGS.recursion) |
      (isCut ? FLAGS.truncated : 0) |
      (answer.code ?? 0),
    2,
  );
  header.writeUInt16BE(1, 4);
  for (const [section, records] of sections.entries()) {
    header.writeUInt16BE(records.length, 6 + 2 * section);
  }
  return Buffer.concat([header, question, ...sections.flat().map(recordBytes)]);
}

function recordBytes({ name, type, ttlSeconds = 60, class: of = 1, data }: ZoneRecord): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(of, 2);
  fixed.writeUInt32BE(ttlSeconds, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([nameBytes(name), fixed, data]);
}

/** A name without compression. `\` before a dot keeps it in its label. */
export function nameBytes(name: string): Buffer {
  const labels = name === "" ? [] : name.split(/(?<!\\)\./).map((label) => label.replace("\\", ""));
  const parts = labels.map((label) => {
    const bytes = Buffer.from(label, "latin1");
    return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  });
  return Buffer.concat([...parts, Buffer.from([0])]);
}
