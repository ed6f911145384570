import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../../support/until.ts";
import { type probeTools, reasonOf, serveHttp } from "../lab.ts";
import { serveWebsocket, upgrade } from "./websocket-lab.ts";

/** For the tests that meet their deadline. */
const TIMEOUT_SECONDS = 0.3;

test("an upgrade alone succeeds, and says good-bye", async (t) => {
  const { port, requests, closings } = await serveWebsocket(t, () => {});
  const outcome = await upgrade(`ws://127.0.0.1:${port}/chat?room=1#part`);
  assert.equal(reasonOf(outcome), "succeeded");
  const { phases, ...facts } = outcome.facts;
  assert.deepEqual(facts, {
    protocol: "websocket",
    statusCode: 101,
    isUpgraded: true,
    isFailedByRegexp: false,
    tls: undefined,
  });
  assert.ok(phases.connect > 0 && phases.processing > 0);
  assert.deepEqual([phases.resolve, phases.tls, phases.transfer], [0, 0, 0]);
  const [request] = requests;
  assert.equal(request?.url, "/chat?room=1");
  assert.equal(request?.headers.host, `127.0.0.1:${port}`);
  assert.equal(request?.headers["user-agent"], "Sounder/test");
  assert.equal(request?.headers["sec-websocket-extensions"], undefined);
  await until(() => closings.length > 0, { deadlineSeconds: 10, what: "the close frame" });
  assert.deepEqual(closings, [1000]);
});

test("messages are matched one by one, and groups go into what is sent", async (t) => {
  const heard: string[] = [];
  const { port } = await serveWebsocket(t, (peer) => {
    peer.send("incoming_test");
    peer.on("message", (data, isBinary) => {
      if (Buffer.isBuffer(data)) heard.push(`${isBinary ? "binary" : "text"} ${data.toString()}`);
      peer.send("passed");
    });
  });
  const query_response = [
    { expect: "incoming_(.+)", send: "outgoing_${1}" },
    { expect: "^passed" },
  ];
  const outcome = await upgrade(`ws://127.0.0.1:${port}`, { query_response });
  assert.equal(reasonOf(outcome), "succeeded");
  assert.deepEqual(heard, ["text outgoing_test"]);
  assert.ok(outcome.facts.phases.transfer > 0);
  assert.equal(outcome.facts.isFailedByRegexp, false);
});

test("a message that does not match fails at once, the next one is not tried", async (t) => {
  const { port } = await serveWebsocket(t, (peer) => {
    peer.send("first");
    peer.send("second");
  });
  const outcome = await upgrade(`ws://127.0.0.1:${port}`, {
    query_response: [{ expect: "second" }],
  });
  assert.equal(reasonOf(outcome), "expect_mismatch");
  assert.deepEqual(
    [outcome.facts.statusCode, outcome.facts.isUpgraded, outcome.facts.isFailedByRegexp],
    [101, true, true],
  );
  assert.ok(outcome.kind === "failed" && outcome.detail.includes('"first"'));
});

test("what is only sent comes whole, before the connection is closed", async (t) => {
  const heard: string[] = [];
  const { port } = await serveWebsocket(t, (peer) => {
    peer.on("message", (data) => Buffer.isBuffer(data) && heard.push(data.toString()));
  });
  const query_response = [{ send: "one" }, { send: "" }, { send: "x".repeat(500_000) }];
  const outcome = await upgrade(`ws://127.0.0.1:${port}`, { query_response });
  assert.equal(reasonOf(outcome), "succeeded");
  await until(() => heard.length === 2, { deadlineSeconds: 10, what: "both messages" });
  assert.deepEqual(
    heard.map(({ length }) => length),
    [3, 500_000],
  );
});

test("binary messages are matched like others", async (t) => {
  const { port } = await serveWebsocket(t, (peer) => peer.send(Buffer.from([0xff, 0x61, 0x00])));
  const outcome = await upgrade(`ws://127.0.0.1:${port}`, { query_response: [{ expect: "a" }] });
  assert.equal(reasonOf(outcome), "succeeded");
});

test("a peer that never says what is expected ends in expect_timeout", async (t) => {
  const { port } = await serveWebsocket(t, () => {});
  const outcome = await upgrade(
    `ws://127.0.0.1:${port}`,
    { query_response: [{ expect: "hello" }] },
    { timeoutSeconds: TIMEOUT_SECONDS },
  );
  assert.equal(reasonOf(outcome), "expect_timeout");
  assert.equal(outcome.facts.isUpgraded, true);
  assert.equal(outcome.facts.isFailedByRegexp, true);
});

test("a caller that goes away ends the probe as cancelled", async (t) => {
  const aborter = new AbortController();
  const { port } = await serveWebsocket(t, () => aborter.abort());
  const outcome = await upgrade(
    `ws://127.0.0.1:${port}`,
    { query_response: [{ expect: "hello" }] },
    { signal: aborter.signal },
  );
  assert.equal(reasonOf(outcome), "cancelled");
});

test("a server that closes ends in dialogue_closed with its code and words", async (t) => {
  const { port } = await serveWebsocket(t, (peer) => peer.close(1013, "try again later"));
  const outcome = await upgrade(`ws://127.0.0.1:${port}`, { query_response: [{ expect: "a" }] });
  assert.equal(reasonOf(outcome), "dialogue_closed");
  assert.ok(outcome.kind === "failed");
  assert.equal(outcome.detail, 'the peer closed the web socket with code 1013: "try again later"');
});

const refusals = [
  { name: "a page", status: 200, headers: {}, detail: /status 200, wanted 101/ },
  { name: "401", status: 401, headers: {}, detail: /status 401/ },
  {
    name: "a redirect",
    status: 302,
    headers: { location: "ws://b.example/" },
    detail: /redirects are not followed, the place is "ws:\/\/b\.example\/"/,
  },
  { name: "503", status: 503, headers: {}, detail: /status 503/ },
] as const;

for (const { name, status, headers, detail } of refusals) {
  test(`${name} in place of an upgrade is websocket_upgrade with its status`, async (t) => {
    const { port } = await serveHttp(t, (_request, response) => {
      response.writeHead(status, headers).end("no");
    });
    const outcome = await upgrade(`ws://127.0.0.1:${port}`, { query_response: [{ expect: "a" }] });
    assert.equal(reasonOf(outcome), "websocket_upgrade");
    assert.deepEqual(
      [outcome.facts.statusCode, outcome.facts.isUpgraded, outcome.facts.isFailedByRegexp],
      [status, false, false],
    );
    assert.ok(outcome.kind === "failed");
    assert.match(outcome.detail, detail);
  });
}

test("headers of the module go along, every value by itself, files read at each probe", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "sounder-ws-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "token");
  writeFileSync(file, "from file\n");
  const { port, requests } = await serveWebsocket(t, () => {});
  const outcome = await upgrade(`ws://127.0.0.1:${port}`, {
    headers: {
      "X-Many": { values: ["a", "b"], secrets: ["c"], files: [file] },
      "user-agent": { values: ["mine"] },
      Host: { values: ["b.example"] },
      Origin: { values: ["https://b.example"] },
    },
  });
  assert.equal(reasonOf(outcome), "succeeded");
  const headers = requests[0]?.headers ?? {};
  assert.equal(headers["x-many"], "a, b, c, from file");
  assert.equal(headers["user-agent"], "mine");
  assert.equal(headers.host, "b.example");
  assert.equal(headers.origin, "https://b.example");
});

const authentications = [
  {
    name: "basic_auth",
    http_config: { basic_auth: { username: "user", password: "pass" } },
    want: "Basic dXNlcjpwYXNz",
  },
  {
    name: "authorization",
    http_config: { authorization: { credentials: "token" } },
    want: "Bearer token",
  },
  {
    name: "authorization of another type",
    http_config: { authorization: { type: "Token", credentials: "t" } },
    want: "Token t",
  },
  { name: "bearer_token", http_config: { bearer_token: "token" }, want: "Bearer token" },
  { name: "nothing", http_config: {}, want: undefined },
] as const;

for (const { name, http_config, want } of authentications) {
  test(`${name} of http_config authenticates the handshake`, async (t) => {
    const { port, requests } = await serveWebsocket(t, () => {});
    await upgrade(`ws://127.0.0.1:${port}`, { http_config });
    assert.equal(requests[0]?.headers.authorization, want);
  });
}

const files = [
  { name: "a header's file", websocket: { headers: { A: { files: ["/nowhere/a"] } } } },
  { name: "credentials_file", websocket: authorizedBy({ credentials_file: "/nowhere/a" }) },
] as const;

function authorizedBy(authorization: Record<string, string>) {
  return { http_config: { authorization } };
}

for (const { name, websocket } of files) {
  test(`${name} that cannot be read is credentials_file, and nothing is sent`, async (t) => {
    const { port, requests } = await serveWebsocket(t, () => {});
    const outcome = await upgrade(`ws://127.0.0.1:${port}`, websocket);
    assert.equal(reasonOf(outcome), "credentials_file");
    assert.equal(requests.length, 0);
  });
}

test("a file with what is no subprotocol is credentials_file", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "sounder-ws-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "protocol");
  writeFileSync(file, "chat, no word");
  const headers = { "sec-websocket-protocol": { files: [file] } };
  const outcome = await upgrade("ws://127.0.0.1:1", { headers });
  assert.equal(reasonOf(outcome), "credentials_file");
});

test("a subprotocol is offered by its header, and the server may choose it", async (t) => {
  const { port, requests } = await serveWebsocket(t, () => {});
  const headers = { "Sec-WebSocket-Protocol": { values: ["chat, superchat"] } };
  const outcome = await upgrade(`ws://127.0.0.1:${port}`, { headers });
  assert.equal(reasonOf(outcome), "succeeded");
  assert.equal(requests[0]?.headers["sec-websocket-protocol"], "chat,superchat");
});

const targets = [
  { name: "no scheme", target: "a.example:80", detail: /write for example ws:/ },
  { name: "http", target: "http://a.example/", detail: /http:\/\/ is no web socket/ },
  { name: "no host", target: "ws://", detail: /is no URL/ },
  { name: "port 0", target: "ws://a.example:0", detail: /port 0/ },
  { name: "a password", target: "ws://me:hunter2@a.example/", detail: /basic_auth/ },
  { name: "no end", target: `ws://${"a".repeat(20_000)}`, detail: /characters/ },
] as const;

for (const { name, target, detail } of targets) {
  test(`a target with ${name} is bad_target`, async () => {
    const outcome = await upgrade(target);
    assert.equal(reasonOf(outcome), "bad_target");
    assert.ok(outcome.kind === "failed");
    assert.match(outcome.detail, detail);
    assert.doesNotMatch(outcome.detail, /hunter2/);
  });
}

const places = [
  { target: "ws://a.example/", address: "127.0.0.1", port: 80 },
  { target: "WSS://a.example/", address: "127.0.0.1", port: 443 },
  { target: "ws://a.example:443/", address: "127.0.0.1", port: 443 },
  { target: "wss://[2001:db8::1]:8443/", address: "2001:db8::1", port: 8443 },
] as const;

for (const { target, address, port } of places) {
  test(`${target} is asked of the policy as ${address} port ${port}`, async () => {
    const hops: (readonly [string | undefined, number | undefined])[] = [];
    const guard: ReturnType<typeof probeTools>["guard"] = (hop) => {
      hops.push([hop.address, hop.port]);
      return { kind: "refused", rule: "deny", sentence: "not there" };
    };
    const outcome = await upgrade(target, {}, { tools: { guard } });
    assert.equal(reasonOf(outcome), "policy_refused");
    assert.equal(outcome.facts.statusCode, 0);
    assert.deepEqual(hops, [[address, port]]);
  });
}
