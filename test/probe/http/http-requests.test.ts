import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { probe, reasonOf, serveHttp } from "../lab.ts";

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "sounder-http-"));
});
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

type Seen = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
};

async function recorder(t: TestContext) {
  const seen: Seen[] = [];
  const server = await serveHttp(t, (request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      seen.push({ method, url, headers, body });
      response.end("ok");
    });
  });
  return { seen, port: server.port };
}

test("a bare target is asked for by GET with its own Host, our name, and no wish to be kept", async (t) => {
  const { seen, port } = await recorder(t);
  assert.equal(reasonOf(await probe(`a.example:${port}/path?x=1#part`)), "succeeded");
  const [request] = seen;
  assert.equal(request?.method, "GET");
  assert.equal(request?.url, "/path?x=1");
  assert.deepEqual(request?.headers, {
    host: `a.example:${port}`,
    connection: "close",
    "user-agent": "Sounder/test",
  });
});

test("the scheme of a target counts in any case", async (t) => {
  const { seen, port } = await recorder(t);
  assert.equal(reasonOf(await probe(`HTTP://127.0.0.1:${port}`)), "succeeded");
  assert.equal(seen[0]?.headers.host, `127.0.0.1:${port}`);
});

test("headers of the module are sent, Host among them, and replace our User-Agent", async (t) => {
  const { seen, port } = await recorder(t);
  const headers = { Host: "b.example", "user-agent": "me", "X-One": "1", Connection: "close" };
  await probe(`127.0.0.1:${port}`, { headers });
  assert.equal(seen[0]?.headers.host, "b.example");
  assert.equal(seen[0]?.headers["user-agent"], "me");
  assert.equal(seen[0]?.headers["x-one"], "1");
});

test("the hostname of /probe takes the place of Host", async (t) => {
  const { seen, port } = await recorder(t);
  await probe(`127.0.0.1:${port}`, {}, { hostname: "c.example" });
  assert.equal(seen[0]?.headers.host, "c.example");
});

for (const hostname of ["a b", "a\r\nX: y", "a/b", "x".repeat(300)]) {
  test(`a hostname of /probe that is none (${JSON.stringify(hostname.slice(0, 9))}) ends in bad_target`, async () => {
    assert.equal(reasonOf(await probe("127.0.0.1:1", {}, { hostname })), "bad_target");
  });
}

const bodies = [
  { name: "POST without a body", http: { method: "POST" }, body: "", length: "0" },
  {
    name: "POST with a body",
    http: { method: "POST", body: "h\u00e9llo" },
    body: "h\u00e9llo",
    length: "6",
  },
  { name: "GET with a body", http: { body: "q" }, body: "q", length: "1" },
  { name: "GET without one", http: {}, body: "", length: undefined },
  {
    name: "a right Content-Length of the module's",
    http: { method: "PUT", body: "ab", headers: { "Content-Length": "2" } },
    body: "ab",
    length: "2",
  },
];

for (const { name, http, body, length } of bodies) {
  test(`${name} announces ${length ?? "no length"}`, async (t) => {
    const { seen, port } = await recorder(t);
    assert.equal(reasonOf(await probe(`127.0.0.1:${port}`, http)), "succeeded");
    assert.equal(seen[0]?.body, body);
    assert.equal(seen[0]?.headers["content-length"], length);
  });
}

test("body_file is read at each probe", async (t) => {
  const { seen, port } = await recorder(t);
  const http = { method: "POST", body_file: file("body", "first") };
  await probe(`127.0.0.1:${port}`, http);
  file("body", "second one");
  await probe(`127.0.0.1:${port}`, http);
  assert.deepEqual(
    seen.map(({ body }) => body),
    ["first", "second one"],
  );
});

const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;
const authentications = [
  {
    name: "basic_auth",
    http: () => ({ basic_auth: { username: "u", password: "p:w" } }),
    want: basic("u:p:w"),
  },
  {
    name: "basic_auth from files",
    http: () => ({
      basic_auth: { username_file: file("user", "u\n"), password_file: file("password", " p \n") },
    }),
    want: basic("u:p"),
  },
  { name: "bearer_token", http: () => ({ bearer_token: "tok" }), want: "Bearer tok" },
  {
    name: "bearer_token_file",
    http: () => ({ bearer_token_file: file("token", "tok\n") }),
    want: "Bearer tok",
  },
  {
    name: "authorization",
    http: () => ({ authorization: { credentials: "tok" } }),
    want: "Bearer tok",
  },
  {
    name: "authorization of another type",
    http: () => ({ authorization: { type: "Token", credentials: "tok" } }),
    want: "Token tok",
  },
  {
    name: "a header Authorization beside it",
    http: () => ({ headers: { authorization: "Own x" }, bearer_token: "tok" }),
    want: "Own x",
  },
];

for (const { name, http, want } of authentications) {
  test(`${name} is sent as ${want}`, async (t) => {
    const { seen, port } = await recorder(t);
    await probe(`127.0.0.1:${port}`, http());
    assert.equal(seen[0]?.headers.authorization, want);
  });
}

test("a user in the URL authenticates, and is not in the log", async (t) => {
  const { seen, port } = await recorder(t);
  const outcome = await probe(`http://u:p%40ss@127.0.0.1:${port}/`, {}, { isDebug: true });
  assert.equal(seen[0]?.headers.authorization, basic("u:p@ss"));
  assert.ok(outcome.log.length > 0);
  assert.doesNotMatch(JSON.stringify(outcome.log), /p%40ss|p@ss/);
});

const refused = [
  {
    name: "a host with a slash too many",
    target: "http:///a.example/",
    http: {},
    reason: "dns_bad_name",
  },
  { name: "a port that is none", target: "a.example:99999", http: {}, reason: "bad_target" },
  { name: "port 0", target: "a.example:0", http: {}, reason: "bad_target" },
  { name: "nothing but a scheme", target: "http://", http: {}, reason: "dns_bad_name" },
  { name: "an escape that is none", target: "a.example/%zz", http: {}, reason: "bad_target" },
  { name: "a name that does not exist", target: "gone.invalid", http: {}, reason: "dns_nxdomain" },
  {
    name: "a body file that is not there",
    target: "a.example",
    http: { body_file: "/nowhere/body" },
    reason: "body_file",
  },
  {
    name: "a body file that is a folder",
    target: "a.example",
    http: { body_file: "/" },
    reason: "body_file",
  },
  {
    name: "a password file that is not there",
    target: "a.example",
    http: { basic_auth: { password_file: "/nowhere/p" } },
    reason: "credentials_file",
  },
  {
    name: "an address of the wrong family",
    target: "a.example",
    http: { ip_protocol_fallback: false },
    reason: "dns_no_address",
  },
];

for (const { name, target, http, reason } of refused) {
  test(`${name} ends in ${reason}, and nothing is opened`, async () => {
    const open = (): never => {
      throw new Error("a socket was opened");
    };
    const outcome = await probe(target, http, { tools: { open } });
    assert.equal(reasonOf(outcome), reason);
    assert.equal(outcome.facts.statusCode, 0);
  });
}

test("credentials with a line break are refused before anything is sent", async () => {
  const outcome = await probe("127.0.0.1:1", { bearer_token_file: file("two-lines", "a\nb") });
  assert.equal(reasonOf(outcome), "credentials_file");
});

test("policy that refuses the address ends the probe before a connection", async () => {
  const outcome = await probe(
    "a.example:81",
    {},
    {
      tools: {
        guard: ({ address, port, host }) => ({
          kind: "refused",
          rule: "deny:x",
          sentence: `${host} is ${address}:${port}`,
        }),
      },
    },
  );
  assert.equal(reasonOf(outcome), "policy_refused");
  assert.equal(outcome.kind === "failed" && outcome.detail, "a.example is 127.0.0.1:81");
});
