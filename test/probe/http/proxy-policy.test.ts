import assert from "node:assert/strict";
import { test } from "node:test";
import { createGuard } from "../../../src/policy/guard.ts";
import type { Permit } from "../../../src/policy/verdict.ts";
import { probeHttp } from "../../../src/probe/http/http.ts";
import type { ProbeTools } from "../../../src/probe/probe-request.ts";
import type { Resolve } from "../../../src/resolve/resolution.ts";
import { httpModule, probeTools, reasonOf } from "../lab.ts";
import { serveProxy } from "./proxy-lab.ts";

const guard = createGuard({ deny: ["metadata", "198.51.100.0/24"], listen: [] });

const resolveTo =
  (text: string): Resolve =>
  async () => ({
    kind: "resolved",
    addresses: [{ text, family: "ipv4" }],
    ttlSeconds: 60,
    isStale: false,
  });

async function probeBy(
  target: string,
  http: Record<string, unknown>,
  permit: Permit,
  tools: Partial<ProbeTools> = {},
) {
  return await probeHttp(
    {
      module: httpModule(http),
      target,
      hostname: undefined,
      timeoutSeconds: 10,
      permit,
      isDebug: false,
    },
    probeTools({ guard, ...tools }),
    new AbortController().signal,
  );
}

const ANY: Permit = { kind: "deny_only" };

const refusals: readonly {
  readonly name: string;
  readonly target: string;
  readonly http?: Record<string, unknown>;
  readonly address?: string;
}[] = [
  { name: "an address of deny", target: "http://198.51.100.7/" },
  { name: "an address of deny behind TLS", target: "https://198.51.100.7/" },
  { name: "a name that is resolved to one", target: "http://a.example/", address: "198.51.100.7" },
  {
    name: "a name behind TLS that is resolved to one",
    target: "https://a.example/",
    address: "169.254.169.254",
  },
  {
    name: "an address in another notation, left to the proxy",
    target: "http://0xa9fea9fe/",
    http: { skip_resolve_phase_with_proxy: true },
  },
  {
    name: "a Host header that leads the proxy to one",
    target: "http://a.example/",
    http: { headers: { Host: "169.254.169.254" } },
  },
];

for (const { name, target, http = {}, address = "192.0.2.1" } of refusals) {
  test(`a proxy is not asked for ${name}`, async (t) => {
    const proxy = await serveProxy(t);
    const outcome = await probeBy(
      target,
      { proxy_url: `http://127.0.0.1:${proxy.port}`, ...http },
      ANY,
      { resolve: resolveTo(address) },
    );
    assert.equal(reasonOf(outcome), "policy_refused");
    assert.equal(proxy.asked.length, 0);
  });
}

test("the proxy itself is the operator's choice, also where deny covers it", async (t) => {
  const proxy = await serveProxy(t);
  const loopbackDenied = createGuard({ deny: ["127.0.0.0/8"], listen: [] });
  const http = { proxy_url: `http://127.0.0.1:${proxy.port}` };
  const tools = { guard: loopbackDenied, resolve: resolveTo("192.0.2.1") };
  assert.equal(reasonOf(await probeBy("http://a.example/", http, ANY, tools)), "succeeded");
});

test("a redirect is not asked of the proxy where policy refuses it", async (t) => {
  const proxy = await serveProxy(t, {
    redirects: { "http://a.example/": "http://169.254.169.254/latest" },
  });
  const outcome = await probeBy(
    "http://a.example/",
    { proxy_url: `http://127.0.0.1:${proxy.port}` },
    { kind: "continuous" },
    { resolve: resolveTo("192.0.2.1") },
  );
  assert.equal(reasonOf(outcome), "policy_refused");
  assert.deepEqual(
    proxy.asked.map(({ target }) => target),
    ["http://a.example/"],
  );
});

test("a rule by host lets a name pass that only the proxy looks up, a rule with blocks does not", async (t) => {
  const proxy = await serveProxy(t);
  const http = {
    proxy_url: `http://127.0.0.1:${proxy.port}`,
    skip_resolve_phase_with_proxy: true,
  };
  const byHost: Permit = { kind: "rules", module: "m", rules: [{ host: ["a.example"] }] };
  const byBlock: Permit = { kind: "rules", module: "m", rules: [{ cidr: ["0.0.0.0/0"] }] };
  assert.equal(reasonOf(await probeBy("http://a.example/", http, byHost)), "succeeded");
  assert.equal(reasonOf(await probeBy("http://a.example/", http, byBlock)), "policy_refused");
  assert.equal(proxy.asked.length, 1);
});
