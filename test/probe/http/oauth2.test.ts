import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createGuard } from "../../../src/policy/guard.ts";
import { Oauth2Tokens } from "../../../src/probe/http/oauth2-tokens.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { createAuthority } from "../certificates.ts";
import { listen, probe, reasonOf, serveHttp, serveRaw } from "../lab.ts";
import { serveProxy, serveSocks } from "./proxy-lab.ts";

type TokenRequest = {
  readonly authorization: string | undefined;
  readonly type: string | undefined;
  readonly body: string;
};

/** A token server: it says what `answer` makes of the number of the request, counted from 1. */
async function serveTokens(
  t: TestContext,
  answer: (count: number, request: TokenRequest) => { status?: number; body: unknown } = (
    count,
  ) => ({ body: { access_token: `token-${count}`, expires_in: 3600 } }),
) {
  const requests: TokenRequest[] = [];
  const { port } = await serveHttp(t, (request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      const { authorization, "content-type": type } = request.headers;
      const asked = { authorization, type, body };
      requests.push(asked);
      const { status = 200, body: said } = answer(requests.length, asked);
      response.writeHead(status, { "content-type": "application/json" });
      response.end(typeof said === "string" ? said : JSON.stringify(said));
    });
  });
  return { requests, url: `http://127.0.0.1:${port}/token` };
}

async function serveSite(t: TestContext, statusCode = 200) {
  const seen: (string | undefined)[] = [];
  const { port } = await serveHttp(t, (request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(statusCode).end();
  });
  return { port, seen };
}

const detailOf = (outcome: { readonly kind: string }): string =>
  "detail" in outcome ? String(outcome.detail) : "";

const freshTokens = () => ({ tools: { oauth2Tokens: new Oauth2Tokens(systemClock) } });

test("a token is fetched by client credentials, shown, and kept for the next probe", async (t) => {
  const tokens = await serveTokens(t);
  const site = await serveSite(t);
  const http = {
    oauth2: {
      client_id: "me & you",
      client_secret: "s3cret/+",
      token_url: tokens.url,
      scopes: ["read", "write"],
      endpoint_params: { audience: "https://a.example/" },
    },
  };
  const more = freshTokens();
  assert.equal(reasonOf(await probe(`127.0.0.1:${site.port}`, http, more)), "succeeded");
  assert.equal(reasonOf(await probe(`127.0.0.1:${site.port}`, http, more)), "succeeded");
  assert.deepEqual(site.seen, ["Bearer token-1", "Bearer token-1"]);
  const [asked, ...others] = tokens.requests;
  assert.equal(others.length, 0);
  const encoded = Buffer.from("me+%26+you:s3cret%2F%2B").toString("base64");
  assert.equal(asked?.authorization, `Basic ${encoded}`);
  assert.equal(asked?.type, "application/x-www-form-urlencoded");
  assert.equal(
    asked?.body,
    "audience=https%3A%2F%2Fa.example%2F&grant_type=client_credentials&scope=read+write",
  );
});

test("a server that wants the client in the body gets it so, and at once the next time", async (t) => {
  const tokens = await serveTokens(t, (count, { authorization }) =>
    authorization === undefined
      ? { body: { access_token: `t${count}`, expires_in: 1 } }
      : { status: 401, body: { error: "invalid_client" } },
  );
  const site = await serveSite(t);
  const http = { oauth2: { client_id: "me", client_secret: "s", token_url: tokens.url } };
  const more = freshTokens();
  await probe(`127.0.0.1:${site.port}`, http, more);
  // One second of life is none: the token is fetched anew.
  await probe(`127.0.0.1:${site.port}`, http, more);
  assert.deepEqual(
    tokens.requests.map(({ authorization, body }) => [authorization !== undefined, body]),
    [
      [true, "grant_type=client_credentials"],
      [false, "client_id=me&client_secret=s&grant_type=client_credentials"],
      [false, "client_id=me&client_secret=s&grant_type=client_credentials"],
    ],
  );
  assert.deepEqual(site.seen, ["Bearer t2", "Bearer t3"]);
});

test("many probes at once fetch one token", async (t) => {
  const tokens = await serveTokens(t);
  const site = await serveSite(t);
  const http = { oauth2: { client_id: "me", client_secret: "s", token_url: tokens.url } };
  const more = freshTokens();
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, () => probe(`127.0.0.1:${site.port}`, http, more)),
  );
  assert.deepEqual(new Set(outcomes.map(reasonOf)), new Set(["succeeded"]));
  assert.equal(tokens.requests.length, 1);
});

test("a secret in a file is read at each probe, and another secret means another token", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "sounder-oauth2-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "secret");
  const tokens = await serveTokens(t);
  const site = await serveSite(t);
  const http = { oauth2: { client_id: "me", client_secret_file: file, token_url: tokens.url } };
  const more = freshTokens();
  assert.equal(reasonOf(await probe(`127.0.0.1:${site.port}`, http, more)), "credentials_file");
  writeFileSync(file, "one\n");
  await probe(`127.0.0.1:${site.port}`, http, more);
  writeFileSync(file, "another\n");
  await probe(`127.0.0.1:${site.port}`, http, more);
  assert.deepEqual(site.seen, ["Bearer token-1", "Bearer token-2"]);
  assert.equal(
    tokens.requests[1]?.authorization,
    `Basic ${Buffer.from("me:another").toString("base64")}`,
  );
});

test("a token that the target answers with 401 is not shown again", async (t) => {
  const tokens = await serveTokens(t);
  const site = await serveSite(t, 401);
  const http = { oauth2: { client_id: "me", client_secret: "s", token_url: tokens.url } };
  const more = freshTokens();
  assert.equal(reasonOf(await probe(`127.0.0.1:${site.port}`, http, more)), "http_status");
  await probe(`127.0.0.1:${site.port}`, http, more);
  assert.deepEqual(site.seen, ["Bearer token-1", "Bearer token-2"]);
});

const refusals: readonly {
  readonly name: string;
  readonly answer: { readonly status?: number; readonly body: unknown };
  readonly detail: RegExp;
}[] = [
  {
    name: "refuses the client",
    answer: { status: 401, body: { error: "invalid_client", error_description: "hunter2" } },
    detail:
      /^no token from 127\.0\.0\.1:\d+: it answers with status 401 and the error invalid_client$/,
  },
  { name: "answers with a page", answer: { body: "<html>hunter2" }, detail: /is no JSON$/ },
  {
    name: "answers without end",
    answer: { body: "x".repeat(2 ** 21) },
    detail: /more than 1048576/,
  },
  { name: "redirects", answer: { status: 307, body: "" }, detail: /status 307$/ },
];

for (const { name, answer, detail } of refusals) {
  test(`a token server that ${name} fails the probe as oauth2_token, without the secret`, async (t) => {
    const tokens = await serveTokens(t, () => answer);
    const site = await serveSite(t);
    const http = { oauth2: { client_id: "me", client_secret: "hunter2", token_url: tokens.url } };
    const outcome = await probe(`127.0.0.1:${site.port}`, http, { isDebug: true });
    assert.equal(reasonOf(outcome), "oauth2_token");
    assert.match(detailOf(outcome), detail);
    assert.doesNotMatch(JSON.stringify(outcome), /hunter2/);
    assert.equal(outcome.facts.statusCode, 0);
    assert.equal(outcome.address?.text, "127.0.0.1");
    assert.deepEqual(site.seen, []);
  });
}

test("a token server that is not there fails the probe as oauth2_token", async (t) => {
  const site = await serveSite(t);
  const http = { oauth2: { client_id: "me", token_url: "http://127.0.0.1:1/" } };
  const outcome = await probe(`127.0.0.1:${site.port}`, http);
  assert.equal(reasonOf(outcome), "oauth2_token");
  assert.match(detailOf(outcome), /cannot connect/);
});

test("a silent token server is left at the probe's deadline, and none of its time is in a phase", async (t) => {
  const silent = await serveRaw(t, () => {});
  const site = await serveSite(t);
  const http = { oauth2: { client_id: "me", token_url: `http://127.0.0.1:${silent.port}/` } };
  const outcome = await probe(`127.0.0.1:${site.port}`, http, { timeoutSeconds: 0.2 });
  assert.equal(reasonOf(outcome), "oauth2_token");
  assert.match(detailOf(outcome), /within 0\.2 s/);
  assert.deepEqual(outcome.facts.phases, {
    resolve: 0,
    connect: 0,
    tls: 0,
    processing: 0,
    transfer: 0,
  });
});

test("deny holds for the token server, also in a continuous probe", async (t) => {
  const site = await serveSite(t);
  const guard = createGuard({ deny: ["metadata"], listen: [] });
  const http = { oauth2: { client_id: "me", token_url: "http://169.254.169.254/token" } };
  const outcome = await probe(`127.0.0.1:${site.port}`, http, { tools: { guard } });
  assert.equal(reasonOf(outcome), "policy_refused");
  assert.deepEqual(site.seen, []);
});

test("tls_config of oauth2 is for the token server alone", async (t) => {
  const authority = createAuthority();
  t.after(() => authority.close());
  const issued = authority.issue({ name: "l", subject: "/CN=l", names: "DNS:login.example" });
  const server = createHttpsServer(issued, (_request, response) => {
    response.end('{"access_token":"abc"}');
  });
  const { port } = await listen(t, server);
  const site = await serveSite(t);
  const oauth2 = { client_id: "me", token_url: `https://login.example:${port}/` };
  const trusting = { ...oauth2, tls_config: { ca_file: authority.caFile } };
  const good = await probe(`127.0.0.1:${site.port}`, { oauth2: trusting });
  assert.equal(reasonOf(good), "succeeded");
  assert.equal(good.facts.tls, undefined);
  const bad = await probe(`127.0.0.1:${site.port}`, { oauth2 });
  assert.equal(reasonOf(bad), "oauth2_token");
  assert.match(detailOf(bad), /no chain to a trusted root/);
});

test("the proxy of oauth2 is asked for the token alone, by URL, by tunnel or by SOCKS", async (t) => {
  const authority = createAuthority();
  t.after(() => authority.close());
  const issued = authority.issue({ name: "l", subject: "/CN=l", names: "DNS:login.example" });
  const server = createHttpsServer(issued, (_request, response) => {
    response.end('{"access_token":"abc"}');
  });
  const { port } = await listen(t, server);
  const plain = await serveTokens(t);
  const site = await serveSite(t);
  const proxy = await serveProxy(t);
  const socks = await serveSocks(t);
  const proxyUrl = `http://u:p@127.0.0.1:${proxy.port}`;
  const probeWith = async (oauth2: Record<string, unknown>) =>
    await probe(`127.0.0.1:${site.port}`, { oauth2: { client_id: "me", ...oauth2 } });
  // This proxy answers itself, and not with a token.
  const byUrl = await probeWith({ token_url: "http://login.example/t", proxy_url: proxyUrl });
  assert.equal(reasonOf(byUrl), "oauth2_token");
  const byTunnel = await probeWith({
    token_url: `https://login.example:${port}/`,
    proxy_url: proxyUrl,
    tls_config: { ca_file: authority.caFile },
  });
  assert.equal(reasonOf(byTunnel), "succeeded");
  const tokenUrl = plain.url.replace("127.0.0.1", "login.example");
  const bySocks = await probeWith({
    token_url: tokenUrl,
    proxy_url: `socks5://127.0.0.1:${socks.port}`,
  });
  assert.equal(reasonOf(bySocks), "succeeded");
  assert.deepEqual(
    proxy.asked.map(({ method, target }) => `${method} ${target}`),
    ["POST http://login.example/t", "POST http://login.example/t", `CONNECT login.example:${port}`],
  );
  assert.equal(proxy.asked[0]?.headers["proxy-authorization"], "Basic dTpw");
  assert.deepEqual(site.seen, ["Bearer abc", "Bearer token-1"]);
});

test("a token takes the place of an Authorization header, and goes to no other host", async (t) => {
  const tokens = await serveTokens(t);
  const elsewhere = await serveSite(t);
  const seen: (string | undefined)[] = [];
  const { port } = await serveHttp(t, (request, response) => {
    seen.push(request.headers.authorization);
    const location = `http://b.example:${elsewhere.port}/`;
    response.writeHead(302, { location }).end();
  });
  const http = {
    headers: { Authorization: "Own x" },
    oauth2: { client_id: "me", client_secret: "s", token_url: tokens.url },
  };
  assert.equal(reasonOf(await probe(`http://a.example:${port}`, http)), "succeeded");
  assert.deepEqual(seen, ["Bearer token-1"]);
  assert.deepEqual(elsewhere.seen, [undefined]);
});
