import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { isIP } from "node:net";
import type { Address } from "../../runtime/address.ts";
import type { Attempt } from "../attempt.ts";
import { failureOf } from "../failure.ts";
import { mismatch, type Query } from "./question.ts";
import { type DnsAnswer, readAnswer } from "./read-answer.ts";

/** Without EDNS an answer has no more; what is longer is cut there, as blackbox_exporter reads it. RFC 1035 section 4.2.1 */
const MAX_ANSWER_BYTES = 512;

/** Whom to ask, and from where. */
export type NameServer = {
  readonly address: Address;
  readonly port: number;
  /** Of this machine, of the same family; "" leaves it to the system. */
  readonly sourceAddress: string;
};

/**
 * Asks once over UDP, from a socket and a random port of its own that takes datagrams of the server alone. Datagrams that
 * are no answer to this question are passed over, and the wait goes on; an answer that cannot be read ends it.
 *
 * @throws the reason of the attempt's signal. The socket is closed in every ending.
 */
export async function exchangeUdp(
  query: Query,
  server: NameServer,
  attempt: Pick<Attempt, "stages" | "signal" | "log">,
): Promise<DnsAnswer> {
  const { stages, signal, log } = attempt;
  signal.throwIfAborted();
  stages.enter("connect");
  const { family } = server.address;
  const socket = createSocket({ type: family === "ipv6" ? "udp6" : "udp4", lookup: asItIs });
  try {
    return await new Promise<DnsAnswer>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      // An ICMP error counts as a refused connection also after the question has left.
      socket.on("error", (error) => resolve(failureOf(error, "connect")));
      socket.once("connect", () => {
        const from = socket.remoteAddress();
        stages.enter("query");
        socket.on("message", (datagram, source) => {
          if (!isFrom(source, from)) return;
          const heard = hear(datagram.subarray(0, MAX_ANSWER_BYTES), query);
          if (typeof heard === "string") log.add("warn", "Ignored a datagram", { why: heard });
          else resolve(heard);
        });
        socket.send(query.bytes);
      });
      open(socket, server);
    });
  } finally {
    socket.close();
  }
}

/** Addresses are known here, so that nothing may be looked up. */
function asItIs(
  address: string,
  _options: unknown,
  callback: (error: null, address: string, family: number) => void,
): void {
  callback(null, address, isIP(address));
}

function open(socket: Socket, { address, port, sourceAddress }: NameServer): void {
  socket.once("listening", () => socket.connect(port, address.text));
  socket.bind({
    port: 0,
    exclusive: true,
    ...(sourceAddress === "" ? {} : { address: sourceAddress }),
  });
}

/** What came between binding and connecting may be anybody's. */
function isFrom(source: RemoteInfo, server: { address: string; port: number }): boolean {
  return source.port === server.port && source.address === server.address;
}

/** @returns why the datagram is not for this query, or how the exchange ended. */
function hear(datagram: Buffer, query: Query): DnsAnswer | string {
  // First of all, so that what a stranger guesses cannot end the wait by being malformed.
  if (datagram.length < 2 || datagram.readUInt16BE(0) !== query.id) {
    return "its id is not that of the question";
  }
  const read = readAnswer(datagram);
  if (read.kind === "failed") return read;
  return mismatch(read.message, query) ?? read;
}
