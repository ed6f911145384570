import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { until } from "../support/until.ts";
import { ask, askRaw, fakeProbes, serve } from "./support.ts";

const LIMITS = { headersTimeoutSeconds: 0.2, requestTimeoutSeconds: 0.4 };

const refused = [
  {
    name: "a huge header",
    text: `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
    status: 431,
  },
  {
    name: "a huge request line",
    text: `GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    status: 431,
  },
  {
    name: "a long URL",
    text: `GET /probe?target=${"x".repeat(9_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    status: 414,
  },
  { name: "no HTTP at all", text: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", status: 400 },
  { name: "an unknown method", text: "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", status: 400 },
  { name: "no Host", text: "GET / HTTP/1.1\r\n\r\n", status: 400 },
  {
    name: "a line feed inside a header",
    text: "GET / HTTP/1.1\r\nHost: a\r\nX: a\nb\r\n\r\n",
    status: 400,
  },
  {
    name: "both lengths (request smuggling)",
    text: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    status: 400,
  },
  {
    name: "two lengths",
    text: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
    status: 400,
  },
  { name: "headers that never end", text: "GET / HTTP/1.1\r\nHost: a\r\nX: ", status: 408 },
  {
    name: "an expectation",
    text: "POST /probe HTTP/1.1\r\nHost: a\r\nExpect: everything\r\nConnection: close\r\n\r\n",
    status: 417,
  },
  { name: "a tunnel", text: "CONNECT 192.0.2.1:80 HTTP/1.1\r\nHost: a\r\n\r\n", status: undefined },
] as const;

for (const { name, text, status } of refused) {
  test(`${name} is ${status === undefined ? "closed without an answer" : `answered ${status}`} and the agent goes on`, async () => {
    await using server = await serve({}, LIMITS);
    const answer = await askRaw(server.port, text);
    const found = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1];
    assert.equal(found === undefined ? undefined : Number(found), status);
    assert.equal((await ask(server.port, "/-/healthy")).status, 200);
  });
}

test("a parser's refusal is a sentence in plain text that ends the connection", async () => {
  await using server = await serve();
  const answer = await askRaw(server.port, "nonsense\r\n\r\n");
  assert.equal(
    answer,
    "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 44\r\n\r\nthe request was not understood: Bad Request\n",
  );
});

test("a body is not read to its end: the connection closes after the answer", async () => {
  await using server = await serve({}, LIMITS);
  const head =
    "POST /probe?target=a.example HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n";
  const answer = await askRaw(server.port, `${head}the beginning`);
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n[^]*probe_success 1/);
});

const targets = [
  { path: "http://192.0.2.1/-/healthy", status: 200 },
  { path: "//-/healthy", status: 404 },
  { path: "/-/healthy?%", status: 200 },
  { path: "/-/healthy#/metrics", status: 200 },
  { path: "*", status: 404 },
  { path: "/probe?target=%", status: 400 },
  { path: "/probe?target=a.example&target[]=b&target[x]=c", status: 200 },
  { path: `/probe?${"a&".repeat(4_000)}target=a.example`, status: 200 },
] as const;

for (const { path, status } of targets) {
  test(`the request target ${path.slice(0, 40)} is answered ${status}`, async () => {
    await using server = await serve();
    const text = `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    assert.match(await askRaw(server.port, text), new RegExp(`^HTTP/1\\.1 ${status} `));
  });
}

test("what a client writes into the target reaches no header and no log line of its own", async () => {
  const probe = fakeProbes();
  await using server = await serve({ probe });
  const answer = await ask(server.port, "/probe?target=a%0d%0aSet-Cookie:%20x%00");
  assert.equal(answer.headers["set-cookie"], undefined);
  assert.equal(probe.ran[0]?.target, "a\r\nSet-Cookie: x\0");
});

test("connections beyond the limit are dropped, and it serves again when some have gone", async () => {
  await using server = await serve({}, { maxConnections: 8 });
  const open: Socket[] = [];
  for (let at = 0; at < 8; at += 1) {
    const socket = connect({ host: "127.0.0.1", port: server.port });
    open.push(socket);
    socket.write("GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(socket, "data");
  }
  await assert.rejects(ask(server.port, "/-/healthy"));
  for (const socket of open) socket.destroy();
  const isServed = () =>
    ask(server.port, "/-/healthy").then(
      () => true,
      () => false,
    );
  await until(isServed, { deadlineSeconds: 10, what: "a place for another connection" });
});

test("requests sent in one piece are answered in order", async () => {
  await using server = await serve();
  const one = (path: string, end = "") => `GET ${path} HTTP/1.1\r\nHost: a\r\n${end}\r\n`;
  const answer = await askRaw(
    server.port,
    one("/-/healthy") + one("/nowhere") + one("/-/ready", "Connection: close\r\n"),
  );
  assert.deepEqual(
    [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status),
    ["200", "404", "200"],
  );
});

test("a connection is closed after its share of requests", async () => {
  await using server = await serve({}, { maxRequestsPerConnection: 2 });
  const answer = await askRaw(server.port, "GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2));
  assert.equal(answer.split("Healthy").length - 1, 2);
  assert.match(answer, /Connection: close/);
});
