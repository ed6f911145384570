import assert from "node:assert/strict";
import { createSecureServer } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { after, before, type TestContext, test } from "node:test";
import { type Authority, createAuthority, type Issued } from "../certificates.ts";
import { listen, probe, reasonOf, serveHttp, serveRaw } from "../lab.ts";
import { serveProxy } from "./proxy-lab.ts";

let authority: Authority;
let site: Issued;
let proxyCertificate: Issued;

before(() => {
  authority = createAuthority();
  site = authority.issue({ name: "site", subject: "/CN=site", names: "DNS:site.example" });
  const names = "DNS:proxy.example";
  proxyCertificate = authority.issue({ name: "proxy", subject: "/CN=proxy", names });
});
after(() => authority.close());

const trusting = () => ({ tls_config: { ca_file: authority.caFile } });

async function serveSite(t: TestContext) {
  const server = createHttpsServer(site, (request, response) => {
    if (request.url === "/on") response.writeHead(302, { location: "/there" });
    response.end(`${request.headers.host} ${request.url}`);
  });
  return await listen(t, server);
}

test("a page in http:// is asked of the proxy by its URL, with the name and not the address", async (t) => {
  const proxy = await serveProxy(t);
  const outcome = await probe("http://a.example:8080/x?y=1#z", {
    proxy_url: `http://127.0.0.1:${proxy.port}`,
  });
  assert.equal(reasonOf(outcome), "succeeded");
  assert.equal(outcome.address?.text, "127.0.0.1");
  assert.equal(outcome.facts.isResolveSkipped, undefined);
  const [asked] = proxy.asked;
  assert.equal(asked?.method, "GET");
  assert.equal(asked?.target, "http://a.example:8080/x?y=1");
  assert.equal(asked?.headers.host, "a.example:8080");
  assert.equal(asked?.headers["proxy-authorization"], undefined);
});

test("a Host header of the module is what a proxy is asked for, as with blackbox_exporter", async (t) => {
  const proxy = await serveProxy(t);
  await probe("http://a.example/x", {
    proxy_url: `http://127.0.0.1:${proxy.port}`,
    headers: { Host: "other.example:81" },
  });
  assert.deepEqual(
    proxy.asked.map(({ target }) => target),
    ["http://other.example:81/x"],
  );
});

test("a page in https:// goes through a tunnel to the resolved address, and the name stays in SNI", async (t) => {
  const { port } = await serveSite(t);
  const proxy = await serveProxy(t);
  const outcome = await probe(`https://site.example:${port}/page`, {
    ...trusting(),
    proxy_url: `http://127.0.0.1:${proxy.port}`,
    fail_if_body_not_matches_regexp: [`^site.example:${port} /page$`],
  });
  assert.equal(reasonOf(outcome), "succeeded");
  assert.equal(outcome.facts.isTls, true);
  assert.equal(outcome.facts.tls?.leaf.subject, "CN=site");
  const [asked] = proxy.asked;
  assert.equal(asked?.method, "CONNECT");
  assert.equal(asked?.target, `127.0.0.1:${port}`);
  assert.equal(asked?.headers.host, `127.0.0.1:${port}`);
  assert.equal(asked?.headers["user-agent"], "Sounder/test");
});

test("HTTP/2 is spoken through a tunnel, and HTTP/1.1 where it is switched off", async (t) => {
  const server = createSecureServer({ ...site, allowHTTP1: true }, (_request, response) => {
    response.end("ok");
  });
  const { port } = await listen(t, server);
  const proxy = await serveProxy(t);
  const http = { ...trusting(), proxy_url: `http://127.0.0.1:${proxy.port}` };
  const second = await probe(`https://site.example:${port}`, http);
  const first = await probe(`https://site.example:${port}`, { ...http, enable_http2: false });
  assert.deepEqual([reasonOf(second), reasonOf(first)], ["succeeded", "succeeded"]);
  assert.deepEqual([second.facts.httpVersion, first.facts.httpVersion], [2, 1.1]);
});

test("with skip_resolve_phase_with_proxy nothing is looked up and the proxy gets the name", async (t) => {
  const { port } = await serveSite(t);
  const proxy = await serveProxy(t);
  const asked: string[] = [];
  const resolve = async (name: string) => {
    asked.push(name);
    return { kind: "failed", reason: "dns_nxdomain", detail: "no" } as const;
  };
  const http = {
    ...trusting(),
    proxy_url: `http://127.0.0.1:${proxy.port}`,
    skip_resolve_phase_with_proxy: true,
  };
  const outcome = await probe(`https://site.example:${port}`, http, { tools: { resolve } });
  assert.equal(reasonOf(outcome), "succeeded");
  assert.deepEqual(asked, []);
  assert.equal(outcome.address, undefined);
  assert.equal(outcome.facts.isResolveSkipped, true);
  assert.equal(outcome.facts.phases.resolve, 0);
  assert.equal(proxy.asked[0]?.target, `site.example:${port}`);
});

test("skip_resolve_phase_with_proxy has no effect without a proxy", async (t) => {
  const { port } = await serveHttp(t, (_request, response) => void response.end());
  const outcome = await probe(`a.example:${port}`, { skip_resolve_phase_with_proxy: true });
  assert.equal(reasonOf(outcome), "succeeded");
  assert.equal(outcome.address?.text, "127.0.0.1");
  assert.equal(outcome.facts.isResolveSkipped, undefined);
});

test("a name that does not resolve fails before the proxy is asked", async (t) => {
  const proxy = await serveProxy(t);
  const http = { proxy_url: `http://127.0.0.1:${proxy.port}` };
  assert.equal(reasonOf(await probe("http://a.invalid/", http)), "dns_nxdomain");
  assert.equal(proxy.asked.length, 0);
});

test("the proxy's own name is looked up, outside the phase resolve", async (t) => {
  const proxy = await serveProxy(t);
  const http = {
    proxy_url: `http://proxy.example:${proxy.port}`,
    skip_resolve_phase_with_proxy: true,
  };
  const outcome = await probe("http://a.example/", http);
  assert.equal(reasonOf(outcome), "succeeded");
  assert.equal(outcome.facts.phases.resolve, 0);
  assert.equal(outcome.address, undefined);
});

test("a relative redirect stays in the tunnel's place, and another one is asked for by name", async (t) => {
  const { port } = await serveSite(t);
  const away = await listen(
    t,
    createHttpsServer(site, (_request, response) => {
      response.writeHead(302, { location: `https://site.example:${port}/on` }).end();
    }),
  );
  const proxy = await serveProxy(t);
  const http = { ...trusting(), proxy_url: `http://127.0.0.1:${proxy.port}` };
  const outcome = await probe(`https://site.example:${away.port}/`, http);
  assert.equal(reasonOf(outcome), "succeeded");
  assert.equal(outcome.facts.redirects, 2);
  assert.deepEqual(
    proxy.asked.map(({ target }) => target),
    [`127.0.0.1:${away.port}`, `site.example:${port}`, `site.example:${port}`],
  );
  const straight = await probe(`https://site.example:${port}/on`, http);
  assert.equal(straight.facts.redirects, 1);
  assert.deepEqual(
    proxy.asked.slice(3).map(({ target }) => target),
    [`127.0.0.1:${port}`, `127.0.0.1:${port}`],
  );
});

test("credentials of proxy_url go to the proxy, for a page and for a tunnel, and to nobody else", async (t) => {
  const seen: (string | undefined)[] = [];
  const server = createHttpsServer(site, (request, response) => {
    seen.push(request.headers["proxy-authorization"]);
    response.end();
  });
  const { port } = await listen(t, server);
  const authorization = `Basic ${Buffer.from("us:p@ss").toString("base64")}`;
  const proxy = await serveProxy(t, { authorization });
  const http = { ...trusting(), proxy_url: `http://us:p%40ss@127.0.0.1:${proxy.port}` };
  assert.equal(reasonOf(await probe(`https://site.example:${port}`, http)), "succeeded");
  assert.equal(reasonOf(await probe("http://a.example/", http)), "succeeded");
  assert.deepEqual(seen, [undefined]);
  assert.equal(proxy.asked.length, 2);
});

test("proxy_connect_header goes with CONNECT alone", async (t) => {
  const { port } = await serveSite(t);
  const proxy = await serveProxy(t);
  const http = {
    ...trusting(),
    proxy_url: `http://127.0.0.1:${proxy.port}`,
    proxy_connect_header: { "Proxy-Authorization": ["Bearer t"], "X-Two": ["1", "2"] },
  };
  assert.equal(reasonOf(await probe(`https://site.example:${port}`, http)), "succeeded");
  assert.equal(reasonOf(await probe("http://a.example/", http)), "succeeded");
  const [tunnel, page] = proxy.asked;
  assert.equal(tunnel?.headers["proxy-authorization"], "Bearer t");
  assert.equal(tunnel?.headers["x-two"], "1, 2");
  assert.equal(page?.headers["proxy-authorization"], undefined);
  assert.equal(page?.headers["x-two"], undefined);
});

test("a proxy in https:// is spoken to over TLS, for a page and for a tunnel", async (t) => {
  const { port } = await serveSite(t);
  const proxy = await serveProxy(t, { tls: proxyCertificate });
  const http = { ...trusting(), proxy_url: `https://proxy.example:${proxy.port}` };
  const tunnelled = await probe(`https://site.example:${port}`, http);
  assert.equal(reasonOf(tunnelled), "succeeded");
  assert.equal(tunnelled.facts.tls?.leaf.subject, "CN=site");
  const page = await probe("http://a.example/", http);
  assert.equal(reasonOf(page), "succeeded");
  assert.equal(page.facts.isTls, false);
  assert.equal(page.facts.phases.tls, 0);
});

test("a proxy whose certificate is for another name is not believed", async (t) => {
  const proxy = await serveProxy(t, { tls: proxyCertificate });
  const http = { ...trusting(), proxy_url: `https://other.example:${proxy.port}` };
  const outcome = await probe("http://a.example/", http);
  assert.equal(reasonOf(outcome), "tls_name_mismatch");
  assert.match(outcome.kind === "failed" ? outcome.detail : "", /^the proxy other\.example port/);
  assert.equal(outcome.facts.tls, undefined);
  assert.equal(proxy.asked.length, 0);
});

test("a proxy that nobody listens at fails as connect_refused and is named", async () => {
  const outcome = await probe("http://a.example/", { proxy_url: "http://127.0.0.1:1" });
  assert.equal(reasonOf(outcome), "connect_refused");
  assert.match(outcome.kind === "failed" ? outcome.detail : "", /^the proxy 127\.0\.0\.1 port 1: /);
});

test("a proxy of the environment is asked, unless the place is in NO_PROXY", async (t) => {
  const proxy = await serveProxy(t);
  const environment = () => ({
    http_proxy: `127.0.0.1:${proxy.port}`,
    NO_PROXY: "192.0.2.0/24",
  });
  const resolve = async () =>
    ({
      kind: "resolved",
      addresses: [{ text: "198.51.100.1", family: "ipv4" }],
      ttlSeconds: 60,
      isStale: false,
    }) as const;
  const http = { proxy_from_environment: true };
  const asked = await probe("http://a.example/", http, { tools: { environment, resolve } });
  assert.equal(reasonOf(asked), "succeeded");
  // Loopback is direct: nothing listens at port 1.
  const direct = await probe("http://127.0.0.1:1/", http, { tools: { environment } });
  assert.equal(reasonOf(direct), "connect_refused");
  assert.doesNotMatch(direct.kind === "failed" ? direct.detail : "", /proxy/);
  assert.equal(proxy.asked.length, 1);
});

const hostile: readonly {
  readonly name: string;
  readonly answer: string;
  readonly detail: RegExp;
}[] = [
  { name: "407", answer: "HTTP/1.1 407 No\r\n\r\n", detail: /407 "No": write user and password/ },
  { name: "502", answer: "HTTP/1.1 502 Bad Gateway\r\n\r\n", detail: /502 "Bad Gateway"/ },
  { name: "garbage", answer: "SSH-2.0-x\r\n\r\n", detail: /is no HTTP: "SSH-2\.0-x"/ },
  { name: "half a head", answer: "HTTP/1.1 200 OK\r\nX", detail: /closed the connection/ },
  { name: "nothing", answer: "", detail: /closed the connection/ },
  {
    name: "a head without end",
    answer: `HTTP/1.1 200 OK\r\n${"X: y\r\n".repeat(1_000)}`,
    detail: /has no end/,
  },
  {
    name: "one endless line",
    answer: `HTTP/1.1 200 ${"y".repeat(3 * 2 ** 20)}`,
    detail: /longer than|no end/,
  },
];

for (const { name, answer, detail } of hostile) {
  test(`a proxy that answers CONNECT with ${name} fails as proxy_refused`, async (t) => {
    const proxy = await serveRaw(t, (socket) => void socket.end(answer));
    const outcome = await probe("https://site.example/", {
      proxy_url: `http://127.0.0.1:${proxy.port}`,
    });
    assert.equal(reasonOf(outcome), "proxy_refused");
    assert.match(outcome.kind === "failed" ? outcome.detail : "", detail);
    assert.equal(outcome.facts.statusCode, 0);
  });
}

test("a proxy that never ends its answer is left at the deadline, and its connection closed", async (t) => {
  let isClosed: () => void = () => {};
  const closed = new Promise<void>((resolve) => {
    isClosed = resolve;
  });
  const proxy = await serveRaw(t, (socket) => {
    socket.on("close", () => isClosed());
    const drip = setInterval(() => socket.write("H"), 20);
    socket.on("close", () => clearInterval(drip));
  });
  const http = { proxy_url: `http://127.0.0.1:${proxy.port}` };
  const outcome = await probe("https://site.example/", http, { timeoutSeconds: 0.3 });
  assert.equal(reasonOf(outcome), "connect_timeout");
  await closed;
});

test("a caller that goes away while the tunnel is asked for cancels the probe", async (t) => {
  const caller = new AbortController();
  const proxy = await serveRaw(t, () => caller.abort());
  const http = { proxy_url: `http://127.0.0.1:${proxy.port}` };
  const outcome = await probe("https://site.example/", http, { signal: caller.signal });
  assert.equal(reasonOf(outcome), "cancelled");
});
