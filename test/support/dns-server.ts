import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { addressBytes } from "../../src/runtime/address.ts";

/** What was asked: the name in lower case without the trailing dot, `A`, `AAAA` or a number. */
export type DnsQuestion = { readonly name: string; readonly type: string };

type Delayed = {
  /** Held back this long before it leaves; other questions are answered meanwhile. */
  readonly delaySeconds?: number;
};

/** What the script answers one question with. */
export type DnsAnswer =
  | (Delayed & {
      readonly kind: "records";
      /** Of both families; a question gets those of its own. None: the name has no such record. */
      readonly addresses: readonly string[];
      readonly ttlSeconds?: number;
      /** Puts the addresses behind a CNAME to this name. */
      readonly alias?: { readonly name: string; readonly ttlSeconds: number };
      /** Over UDP only an empty answer with the TC bit; the client must ask again by TCP. */
      readonly isTruncated?: boolean;
    })
  | (Delayed & { readonly kind: "nxdomain" })
  | (Delayed & { readonly kind: "servfail" })
  | (Delayed & { readonly kind: "refused" })
  | (Delayed & { readonly kind: "malformed" })
  | { readonly kind: "silence" };

export type DnsScript = (question: DnsQuestion) => DnsAnswer;

export type DnsServer = {
  /** As `resolver.servers` takes it: `127.0.0.1:PORT`, the same port for UDP and TCP. */
  readonly address: string;
  readonly port: number;
  /** Every question that came, in order, also those left unanswered. */
  readonly queries: readonly (DnsQuestion & { readonly transport: "udp" | "tcp" })[];
  /** Drops held answers too. Must be called, or the test file hangs. */
  readonly close: () => Promise<void>;
};

const DEFAULT_TTL_SECONDS = 60;
const HEADER_BYTES = 12;
const TYPES: ReadonlyMap<number, string> = new Map([
  [1, "A"],
  [5, "CNAME"],
  [28, "AAAA"],
]);
const CODE = { noError: 0, servfail: 2, nxdomain: 3, refused: 5 } as const;
const FLAGS = { response: 0x8000, truncated: 0x0200, recursionDesired: 0x0100, available: 0x0080 };
const PORT_ATTEMPTS = 20;

/**
 * A DNS server on 127.0.0.1 that answers as a script says, by UDP and TCP.
 *
 * @see RFC 1035 section 4 (messages), section 4.2.2 (the length before a TCP message).
 */
export async function startDnsServer(answer: DnsScript): Promise<DnsServer> {
  const queries: (DnsQuestion & { transport: "udp" | "tcp" })[] = [];
  const held = new Set<NodeJS.Timeout>();
  const connections = new Set<Socket>();

  const handle = (message: Buffer, transport: "udp" | "tcp", send: (reply: Buffer) => void) => {
    const question = readQuestion(message);
    if (question === undefined) return;
    queries.push({ name: question.name, type: question.type, transport });
    const scripted = answer({ name: question.name, type: question.type });
    if (scripted.kind === "silence") return;
    const reply = encode(message, question, scripted, transport);
    if (scripted.delaySeconds === undefined) return send(reply);
    const timer = setTimeout(() => {
      held.delete(timer);
      send(reply);
    }, scripted.delaySeconds * 1000);
    held.add(timer);
  };

  const tcp = createServer((socket) => {
    connections.add(socket);
    socket.on("close", () => connections.delete(socket));
    socket.on("error", () => socket.destroy());
    let pending: Buffer = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const endAt = 2 + pending.readUInt16BE(0);
        handle(pending.subarray(2, endAt), "tcp", (reply) => {
          const length = Buffer.alloc(2);
          length.writeUInt16BE(reply.length);
          if (!socket.destroyed) socket.write(Buffer.concat([length, reply]));
        });
        pending = pending.subarray(endAt);
      }
    });
  });
  const udp = createSocket("udp4");
  let isClosed = false;
  udp.on("message", (message: Buffer, from: RemoteInfo) => {
    handle(message, "udp", (reply) => {
      // A client that has closed its port makes the kernel report an error, which is no news.
      if (!isClosed) udp.send(reply, from.port, from.address, () => {});
    });
  });

  const port = await listenOnOnePort(tcp, udp);
  return {
    address: `127.0.0.1:${port}`,
    port,
    queries,
    close: async () => {
      isClosed = true;
      for (const timer of held) clearTimeout(timer);
      for (const socket of connections) socket.destroy();
      await Promise.all([
        new Promise<void>((done) => tcp.close(() => done())),
        new Promise<void>((done) => udp.close(() => done())),
      ]);
    },
  };
}

/** The kernel picks a free TCP port; that the UDP port of that number is free too must be tried. */
async function listenOnOnePort(
  tcp: ReturnType<typeof createServer>,
  udp: ReturnType<typeof createSocket>,
): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    tcp.listen(0, "127.0.0.1");
    await once(tcp, "listening");
    const { port } = tcp.address() as AddressInfo;
    try {
      udp.bind(port, "127.0.0.1");
      await once(udp, "listening");
      return port;
    } catch (error) {
      await new Promise<void>((done) => tcp.close(() => done()));
      if (attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

type ReadQuestion = DnsQuestion & { readonly typeNumber: number; readonly bytes: Buffer };

function readQuestion(message: Buffer): ReadQuestion | undefined {
  if (message.length < HEADER_BYTES + 5 || message.readUInt16BE(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  if (at + 5 > message.length) return undefined;
  const typeNumber = message.readUInt16BE(at + 1);
  return {
    name: labels.join(".").toLowerCase(),
    type: TYPES.get(typeNumber) ?? String(typeNumber),
    typeNumber,
    bytes: message.subarray(HEADER_BYTES, at + 5),
  };
}

function encode(
  query: Buffer,
  question: ReadQuestion,
  answer: Exclude<DnsAnswer, { kind: "silence" }>,
  transport: "udp" | "tcp",
): Buffer {
  const id = query.readUInt16BE(0);
  switch (answer.kind) {
    case "nxdomain":
    case "servfail":
    case "refused":
      return message({ id, code: CODE[answer.kind], question, records: [] });
    case "malformed":
      // The header promises an answer record that is not there.
      return message({ id, code: CODE.noError, question, records: [Buffer.alloc(0)] });
    case "records":
      if (answer.isTruncated === true && transport === "udp") {
        return message({ id, code: CODE.noError, question, records: [], isTruncated: true });
      }
      return message({ id, code: CODE.noError, question, records: recordsFor(question, answer) });
  }
}

function message(parts: {
  readonly id: number;
  readonly code: number;
  readonly question: ReadQuestion;
  readonly records: readonly Buffer[];
  readonly isTruncated?: boolean;
}): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const truncated = parts.isTruncated === true ? FLAGS.truncated : 0;
  header.writeUInt16BE(parts.id, 0);
  header.writeUInt16BE(
    FLAGS.response | FLAGS.recursionDesired | FLAGS.available | truncated | parts.code,
    2,
  );
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(parts.records.length, 6);
  return Buffer.concat([header, parts.question.bytes, ...parts.records]);
}

function recordsFor(
  question: ReadQuestion,
  answer: Extract<DnsAnswer, { kind: "records" }>,
): Buffer[] {
  const wantedBytes = question.type === "A" ? 4 : question.type === "AAAA" ? 16 : -1;
  const owner = encodeName(answer.alias?.name ?? question.name);
  const records = answer.addresses
    .map((text) => Buffer.from(addressBytes(text) ?? []))
    .filter((data) => data.length === wantedBytes)
    .map((data) =>
      record(owner, question.typeNumber, answer.ttlSeconds ?? DEFAULT_TTL_SECONDS, data),
    );
  if (answer.alias === undefined) return records;
  const { name, ttlSeconds } = answer.alias;
  return [record(encodeName(question.name), 5, ttlSeconds, encodeName(name)), ...records];
}

function record(owner: Buffer, typeNumber: number, ttlSeconds: number, data: Buffer): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(typeNumber, 0);
  fixed.writeUInt16BE(1, 2); // class IN
  fixed.writeUInt32BE(ttlSeconds, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([owner, fixed, data]);
}

function encodeName(name: string): Buffer {
  const labels = name === "" ? [] : name.split(".");
  const parts = labels.map((label) => Buffer.from([label.length, ...Buffer.from(label, "latin1")]));
  return Buffer.concat([...parts, Buffer.from([0])]);
}
