import { createServer } from "node:net";
import { type Close, listenOn } from "./listening.ts";

/** Says what no well-behaved server says: a path is the name of an answer below. */
export const RAW_PORT = 8_090;

const END_OF_HEAD = "\r\n\r\n";
const MAX_HEAD_CHARACTERS = 64 * 1024;

/** What is sent once the head of the request has come; then the connection is closed. */
const ANSWERS: Readonly<Record<string, string>> = {
  "/http-1.0": "HTTP/1.0 200 OK\r\n\r\nto the end",
  "/http-1.0-length": "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nfive!",
  "/no-length": "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end",
  "/no-reason": "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
  "/odd-reason": "HTTP/1.1 200 All is well!\r\nContent-Length: 2\r\n\r\nok",
  "/unknown-status": "HTTP/1.1 299 Odd\r\nContent-Length: 2\r\n\r\nok",
  "/status-600": "HTTP/1.1 600 Odd\r\nContent-Length: 2\r\n\r\nok",
  "/status-999": "HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nok",
  "/continue": "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  "/early-hints":
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  "/folded": "HTTP/1.1 200 OK\r\nX-Folded: one\r\n two\r\nContent-Length: 2\r\n\r\nok",
  "/latin": "HTTP/1.1 200 OK\r\nX-Latin: caf\u00e9\r\nContent-Length: 2\r\n\r\nok",
  "/nothing": "",
  "/garbage": "SSH-2.0-OpenSSH_9.2\r\n",
  "/half-head": "HTTP/1.1 200 OK\r\nContent-Le",
  "/too-short": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
  "/too-long": "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfar too long",
  "/two-lengths": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!",
  "/same-lengths": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
  "/bad-length": "HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok",
  "/bad-chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nok\r\n0\r\n\r\n",
  "/cut-chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
  "/trailers":
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n",
  "/both-lengths":
    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
  "/newlines-only": "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
  "/http-0.9": "<html>hello</html>",
  "/http-1.2": "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok",
  "/http-2.0": "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
  "/upgrade": "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
  "/204-with-body": "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok",
  "/redirect-with-body":
    "HTTP/1.1 302 Found\r\nLocation: /no-length\r\nContent-Length: 1000000\r\n\r\nendless",
  "/spaced-name": "HTTP/1.1 200 OK\r\nX Odd : 1\r\nContent-Length: 2\r\n\r\nok",
  "/large-head": `HTTP/1.1 200 OK\r\nX-Large: ${"x".repeat(100_000)}\r\nContent-Length: 2\r\n\r\nok`,
};

export async function openRawServer(): Promise<Close> {
  return await listenOn(
    createServer((socket) => {
      let head = "";
      socket.on("data", (chunk: Buffer) => {
        head = (head + chunk.toString("latin1")).slice(0, MAX_HEAD_CHARACTERS);
        if (!head.includes(END_OF_HEAD)) return;
        const [, path = ""] = head.split(" ", 2);
        socket.end(ANSWERS[path] ?? "HTTP/1.1 404 Not Found\r\n\r\n", "latin1");
      });
    }),
    RAW_PORT,
  );
}
