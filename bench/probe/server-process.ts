/** The process of the servers that are probed. They say the least there is to say, so that they cost little. */

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { ServerPorts } from "./messages.ts";

const ANSWER = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
/** After the question: a pointer to its name, type A, class IN, 60 s, 127.0.0.1 (RFC 1035 section 4.1.3). */
const RECORD = Buffer.from("c00c000100010000003c00047f000001", "hex");
const RESPONSE_WITH_ONE_ANSWER = { flags: 0x8580, answers: 1 };
const HEADER_BYTES = 12;
/** Each round asks another address of 127.0.0.0/8. */
const EVERY_ADDRESS = "0.0.0.0";
/** Name root, type and class of an OPT record's question part are not copied. */
const QUESTION_TAIL_BYTES = 5;

function answerHttp(socket: Socket): void {
  socket.on("error", () => socket.destroy());
  socket.once("data", () => socket.end(ANSWER));
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, EVERY_ADDRESS, 4_096);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function openDns(): Promise<number> {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    let end = HEADER_BYTES;
    while ((query[end] ?? 0) > 0) end += 1 + (query[end] ?? 0);
    const reply = Buffer.concat([query.subarray(0, end + QUESTION_TAIL_BYTES), RECORD]);
    reply.writeUInt16BE(RESPONSE_WITH_ONE_ANSWER.flags, 2);
    reply.writeUInt16BE(RESPONSE_WITH_ONE_ANSWER.answers, 6);
    reply.writeUInt32BE(0, 8);
    socket.send(reply, from.port, from.address, () => {});
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket.address().port;
}

async function main(credentials: { readonly cert: string; readonly key: string }): Promise<void> {
  const tls = createTlsServer(credentials, answerHttp);
  tls.on("tlsClientError", () => {});
  const ports: ServerPorts = {
    http: await portOf(createServer(answerHttp)),
    https: await portOf(tls),
    tcp: await portOf(createServer((socket) => void socket.on("error", () => {}).resume())),
    dns: await openDns(),
  };
  process.send?.(ports);
}

process.once("message", (credentials: { readonly cert: string; readonly key: string }) => {
  main(credentials).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
process.on("disconnect", () => process.exit(0));
