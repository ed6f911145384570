import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { connect, createServer as createTcpServer, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { listen } from "../lab.ts";

export type Asked = {
  readonly method: string;
  /** The request's target, as it came. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
};

export type TestProxy = { readonly port: number; readonly asked: readonly Asked[] };

/**
 * An HTTP proxy of the test's own on 127.0.0.1. Wherever it is asked to go, it goes to 127.0.0.1 and the port it is
 * asked for, and to port 80 or 443 nowhere.
 *
 * @param tls With it the proxy speaks TLS.
 */
export async function serveProxy(
  t: TestContext,
  options: {
    readonly tls?: { readonly cert: string; readonly key: string };
    /** `Proxy-Authorization` that it wants. */
    readonly authorization?: string;
    /** Where it redirects to, by URL. */
    readonly redirects?: Readonly<Record<string, string>>;
  } = {},
): Promise<TestProxy> {
  const asked: Asked[] = [];
  const isWelcome = (headers: IncomingHttpHeaders): boolean =>
    options.authorization === undefined || headers["proxy-authorization"] === options.authorization;
  const server: Server =
    options.tls === undefined ? createServer() : (createHttpsServer(options.tls) as Server);
  server.on("request", (request, response) => {
    const { method = "", url = "", headers } = request;
    asked.push({ method, target: url, headers });
    if (!isWelcome(headers)) return response.writeHead(407).end();
    const location = options.redirects?.[url];
    if (location !== undefined) return response.writeHead(302, { location }).end();
    response.end(`by the proxy: ${url}`);
    return undefined;
  });
  server.on("connect", (request, socket) => {
    const { method = "", url = "", headers } = request;
    asked.push({ method, target: url, headers });
    socket.on("error", () => socket.destroy());
    if (!isWelcome(headers)) {
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    const onward = connect(Number(url.replace(/^.*:/, "")), "127.0.0.1");
    onward.on("error", () => socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
    onward.on("connect", () => {
      socket.write("HTTP/1.1 200 Connection established\r\nX-Proxy: 1\r\n\r\n");
      socket.pipe(onward);
      onward.pipe(socket as Socket);
    });
    socket.on("close", () => onward.destroy());
  });
  const { port } = await listen(t, server);
  return { port, asked };
}

export type SocksAsked = {
  readonly methods: readonly number[];
  readonly credentials: string | undefined;
  readonly type: number;
  readonly host: string;
};

/** A SOCKS proxy (RFC 1928, 1929) that goes to 127.0.0.1 and the port it is asked for. */
export async function serveSocks(
  t: TestContext,
  options: {
    /** `user:password` that it wants. */
    readonly credentials?: string;
    /** The code it answers a request with; 0 goes on. */
    readonly reply?: number;
    /** How it writes its own address. */
    readonly bound?: readonly number[];
  } = {},
): Promise<{ readonly port: number; readonly asked: readonly SocksAsked[] }> {
  const asked: SocksAsked[] = [];
  const { reply = 0, bound = [1, 127, 0, 0, 1] } = options;
  const talk = async (socket: Socket): Promise<void> => {
    const bytes = reader(socket);
    const [, methodCount = 0] = await bytes(2);
    const methods = [...(await bytes(methodCount))];
    const method = options.credentials === undefined ? 0 : 2;
    socket.write(Buffer.from([5, methods.includes(method) ? method : 0xff]));
    let credentials: string | undefined;
    if (method === 2 && methods.includes(2)) {
      const [, userLength = 0] = await bytes(2);
      const user = (await bytes(userLength)).toString();
      const [passwordLength = 0] = await bytes(1);
      credentials = `${user}:${(await bytes(passwordLength)).toString()}`;
      socket.write(Buffer.from([1, credentials === options.credentials ? 0 : 1]));
    }
    const [, , , type = 0] = await bytes(4);
    const lengths: Readonly<Record<number, number>> = { 1: 4, 4: 16 };
    const length = lengths[type] ?? (await bytes(1))[0] ?? 0;
    const place = await bytes(length);
    const host = type === 3 ? place.toString() : [...place].join(".");
    const port = (await bytes(2)).readUInt16BE();
    asked.push({ methods, credentials, type, host });
    const answer = Buffer.from([5, reply, 0, ...bound, 0, 80]);
    if (reply !== 0) return void socket.end(answer);
    const onward = connect(port, "127.0.0.1", () => {
      // In pieces, as a network may cut it.
      socket.write(answer.subarray(0, 3));
      setImmediate(() => {
        socket.write(answer.subarray(3));
        socket.pipe(onward);
        onward.pipe(socket);
      });
    });
    onward.on("error", () => socket.destroy());
    socket.on("close", () => onward.destroy());
  };
  const server = createTcpServer((socket) => {
    talk(socket).catch(() => socket.destroy());
  });
  const { port } = await listen(t, server);
  return { port, asked };
}

/** Reads so many bytes at a time; what is left stays for who comes after. */
function reader(socket: Socket): (count: number) => Promise<Buffer> {
  return async (count) => {
    if (count === 0) return Buffer.alloc(0);
    for (;;) {
      const chunk = socket.read(count) as Buffer | null;
      if (chunk !== null) return chunk;
      await new Promise<void>((resolve, reject) => {
        socket.once("readable", resolve);
        socket.once("close", () => reject(new Error("closed")));
      });
    }
  };
}
