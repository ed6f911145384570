import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import { answerHttp } from "./http-server.ts";
import { type Close, listenOn } from "./listening.ts";

export const PROXY_PORT = 3_128;

const MAX_TUNNELS = 1_000;

/**
 * An HTTP proxy: answers what it is asked for by itself, as if the server stood behind it, and opens tunnels to
 * 127.0.0.1, whatever the host is called. It refuses the host `refused.parity.test`.
 *
 * @see RFC 9110 section 9.3.6 (CONNECT)
 */
export async function openProxy(): Promise<Close> {
  const server: Server = createServer((request, response) => {
    if (request.url?.includes("refused.parity.test") === true) {
      response.writeHead(403, { "content-length": 0 });
      response.end();
      return;
    }
    answerHttp(request, response);
  });
  server.maxConnections = MAX_TUNNELS;
  server.on("connect", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    const [, port = ""] = /:(\d+)$/.exec(request.url ?? "") ?? [];
    if (request.url?.startsWith("refused.") === true) {
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    const onward = connect({ host: "127.0.0.1", port: Number(port) });
    onward.on("error", () => socket.destroy());
    onward.once("connect", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    socket.on("close", () => onward.destroy());
  });
  return await listenOn(server, PROXY_PORT);
}
