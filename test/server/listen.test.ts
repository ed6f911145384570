import assert from "node:assert/strict";
import { once } from "node:events";
import type { RequestListener } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { silentLog } from "../../src/runtime/log.ts";
import { listen } from "../../src/server/listen.ts";
import { ask, gate } from "./support.ts";

const hello: RequestListener = (_request, response) => {
  response.end("hello\n");
};

function open(
  listenAddresses: readonly string[],
  handler: RequestListener = hello,
  graceSeconds = 1.2,
) {
  return listen({ listenAddresses, handler, log: silentLog, limits: { graceSeconds } });
}

async function connected(port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** All that comes until the other side closes. */
async function rest(socket: Socket): Promise<string> {
  let text = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    text += chunk;
  });
  await once(socket, "close");
  return text;
}

test("listen() opens every address and tells the ports it got", async () => {
  const server = await open(["127.0.0.1:0", "[::1]:0", "localhost:0"]);
  const [first, second] = server.addresses;
  assert.equal(server.addresses.length, 3);
  assert.equal(first?.address, "127.0.0.1");
  assert.equal(second?.address, "::1");
  assert.equal((await ask(first?.port ?? 0, "/")).body, "hello\n");
  await server.close();
});

test("listen() on a port alone answers by IPv4 too", async () => {
  const server = await open([":0"]);
  assert.equal((await ask(server.addresses[0]?.port ?? 0, "/")).body, "hello\n");
  await server.close();
});

test("listen() says what to do about a taken port, and leaves no other open", async () => {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const address = holder.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const free = await open(["127.0.0.1:0"]);
  const freePort = free.addresses[0]?.port ?? 0;
  await free.close();
  await assert.rejects(open([`127.0.0.1:${freePort}`, `127.0.0.1:${port}`]), {
    message: `Cannot listen on 127.0.0.1:${port}: another process has this port; stop it, or choose another --web.listen-address`,
  });
  await assert.rejects(ask(freePort, "/"));
  holder.close();
});

test("listen() says what to do about an address of another machine", async () => {
  await assert.rejects(open(["192.0.2.1:0"]), /no interface of this machine has the address/);
});

test("listen() refuses what is no listen address", async () => {
  await assert.rejects(open(["10707"]), /Cannot listen: "10707" is not a listen address/);
});

test("close() ends idle connections, silent ones and half requests at once", async () => {
  const server = await open(["127.0.0.1:0"], hello, 3_600);
  const port = server.addresses[0]?.port ?? 0;
  const [silent, half, idle] = [
    await connected(port),
    await connected(port),
    await connected(port),
  ];
  half.write("GET / HTTP/1.1\r\nHos");
  idle.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await once(idle, "data");
  const ends = [silent, half, idle].map(rest);
  await server.close();
  await Promise.all(ends);
});

test("close() lets an answer under way end, then closes its connection", async () => {
  const asked = gate();
  const held = gate();
  const server = await open(
    ["127.0.0.1:0"],
    (_request, response) => {
      asked.open();
      void held.opened.then(() => response.end("whole\n"));
    },
    3_600,
  );
  const port = server.addresses[0]?.port ?? 0;
  const socket = await connected(port);
  const received = rest(socket);
  socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await asked.opened;
  const closed = server.close();
  await assert.rejects(ask(port, "/"));
  held.open();
  assert.match(await received, /Connection: close\r\n[^]*whole\n/);
  await closed;
});

test("close() cuts what does not end within the grace, however often it is called", async () => {
  const asked = gate();
  const gone = gate();
  const server = await open(
    ["127.0.0.1:0"],
    (_request, response) => {
      response.on("close", gone.open);
      response.write("never whole");
      asked.open();
    },
    0.05,
  );
  const socket = await connected(server.addresses[0]?.port ?? 0);
  socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await asked.opened;
  await Promise.all([server.close(), server.close(), rest(socket), gone.opened]);
});
