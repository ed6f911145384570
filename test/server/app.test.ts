import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { ProbeHistory } from "../../src/report/probe-history.ts";
import type { LogFields } from "../../src/runtime/log.ts";
import { silentLog } from "../../src/runtime/log.ts";
import { ask, fakeProbes, SUCCEEDED, serve } from "./support.ts";

const PLAIN = "text/plain; charset=utf-8";
const NOT_READY = { ready: false, reason: "group core waits for its first resolution" };

const paths = [
  { path: "/-/healthy", status: 200, body: "Healthy" },
  { path: "/-/ready", status: 200, body: "Ready" },
  { path: "/nowhere", status: 404, body: "there is nothing at /nowhere\n" },
  { path: "/metrics/", status: 404, body: "there is nothing at /metrics/\n" },
  { path: "/Metrics", status: 404, body: "there is nothing at /Metrics\n" },
  { path: "/%zz", status: 404, body: "there is nothing at /%zz\n" },
  {
    path: "/..%2f..%2fetc/passwd",
    status: 404,
    body: "there is nothing at /..%2f..%2fetc/passwd\n",
  },
] as const;

for (const { path, status, body } of paths) {
  test(`${path} answers ${status} in one plain sentence`, async () => {
    await using server = await serve();
    const answer = await ask(server.port, path);
    assert.equal(answer.status, status);
    assert.equal(answer.body, body);
    assert.equal(answer.headers["content-type"], PLAIN);
    assert.equal(answer.headers["x-content-type-options"], "nosniff");
    assert.equal(answer.headers["x-powered-by"], undefined);
    assert.equal(answer.headers.etag, undefined);
  });
}

test("/-/ready says why it is not, /-/healthy does not care", async () => {
  await using server = await serve({ isReady: () => NOT_READY });
  const ready = await ask(server.port, "/-/ready");
  assert.equal(ready.status, 503);
  assert.equal(ready.body, "group core waits for its first resolution\n");
  assert.equal((await ask(server.port, "/-/healthy")).status, 200);
});

for (const path of ["/", "/metrics", "/-/ready"]) {
  test(`${path} is for reading`, async () => {
    await using server = await serve();
    for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
      const refused = await ask(server.port, path, { method });
      assert.equal(refused.status, 405);
      assert.equal(refused.headers.allow, "GET, HEAD, OPTIONS");
      assert.equal(refused.body, `method ${method} is not allowed for ${path}: use GET\n`);
    }
    const options = await ask(server.port, path, { method: "OPTIONS" });
    assert.equal(options.status, 204);
    assert.equal(options.headers.allow, "GET, HEAD, OPTIONS");
    const head = await ask(server.port, path, { method: "HEAD" });
    assert.equal(head.status, 200);
    assert.equal(head.body, "");
  });
}

test("a fault shows one sentence to the client and its stack to the log", async () => {
  const logged: LogFields[] = [];
  const log = {
    ...silentLog,
    error: (_message: string, fields: LogFields = {}) => logged.push(fields),
  };
  const isReady = () => {
    throw new TypeError("state of /secret/path is broken");
  };
  await using server = await serve({ isReady, log });
  const answer = await ask(server.port, "/-/ready?token=hidden");
  assert.equal(answer.status, 500);
  assert.equal(answer.headers["content-type"], PLAIN);
  assert.equal(answer.body, "the agent failed to answer; its log says why\n");
  assert.equal(logged.length, 1);
  assert.equal(logged[0]?.["path"], "/-/ready");
  assert.match(
    String(logged[0]?.["error"]),
    /TypeError: state of \/secret\/path is broken\n\s+at /,
  );
});

test("the page shows version, state and policy, and holds no script", async () => {
  await using server = await serve({ isReady: () => NOT_READY });
  const page = await ask(server.port, "/");
  assert.equal(page.status, 200);
  assert.equal(page.headers["content-type"], "text/html; charset=utf-8");
  for (const part of [
    "version 0.1.0",
    "not ready: group core waits for its first resolution",
    "3 in 1 group<",
    "probe.targets: any",
    'href="/metrics"',
    'action="/probe"',
    "<option selected>http_2xx</option>",
  ]) {
    assert.ok(page.body.includes(part), part);
  }
  assert.ok(!/<script|javascript:|https?:\/\/|\son\w+=/i.test(page.body));
});

test("the page's policy lets its own style in and nothing else", async () => {
  await using server = await serve();
  const page = await ask(server.port, "/");
  const style = /<style>([^]*)<\/style>/.exec(page.body)?.[1] ?? "";
  const digest = createHash("sha256").update(style).digest("base64");
  const policy = String(page.headers["content-security-policy"]);
  assert.match(policy, /^default-src 'none'/);
  assert.ok(policy.includes(`style-src 'sha256-${digest}'`));
});

test("the page escapes what it is given", async () => {
  const landing = () => ({
    version: "<b>&\"'",
    policyMode: "none" as const,
    modules: ["</select><script>alert(1)</script>"],
    groupCount: 0,
    targetCount: 0,
  });
  await using server = await serve({ landing });
  const { body } = await ask(server.port, "/");
  assert.ok(body.includes("version &lt;b&gt;&amp;&quot;&#39;"));
  assert.ok(!body.includes("<script"));
});

const WEB = { routePrefix: "/sounder", externalUrl: undefined };

test("every route moves under the prefix, and the root leads there", async () => {
  const probe = fakeProbes();
  await using server = await serve({ web: WEB, probe });
  const statusOf = async (path: string) => (await ask(server.port, path)).status;
  assert.equal(await statusOf("/sounder/metrics"), 200);
  assert.equal(await statusOf("/sounder/-/healthy"), 200);
  assert.equal(await statusOf("/sounder/config"), 200);
  assert.equal(await statusOf("/sounder/probe?target=a+b"), 200);
  assert.equal(probe.ran[0]?.target, "a b");
  assert.equal(await statusOf("/metrics"), 404);
  assert.equal(await statusOf("/sounderr/metrics"), 404);
  const page = await ask(server.port, "/sounder/");
  assert.ok(page.body.includes('href="/sounder/metrics"'));
  assert.ok(page.body.includes('action="/sounder/probe"'));
  const root = await ask(server.port, "/");
  assert.equal(root.status, 302);
  assert.equal(root.headers.location, "/sounder/");
});

const externals = [
  {
    name: "of a proxy that keeps the path",
    web: { routePrefix: "/net", externalUrl: "https://www.example.net/net" },
    page: "/net/",
    link: "/net/metrics",
    location: "https://www.example.net/net",
  },
  {
    name: "of a proxy that takes the path away",
    web: { routePrefix: "", externalUrl: "https://www.example.net/net" },
    page: "/",
    link: "/net/metrics",
    location: undefined,
  },
  {
    name: "that is a path alone",
    web: { routePrefix: "/net", externalUrl: "/net" },
    page: "/net",
    link: "/net/metrics",
    location: "/net",
  },
] as const;

for (const { name, web, page, link, location } of externals) {
  test(`links and redirect follow an external URL ${name}`, async () => {
    await using server = await serve({ web });
    assert.ok((await ask(server.port, page)).body.includes(`href="${link}"`));
    assert.equal((await ask(server.port, "/")).headers.location, location);
  });
}

test("the page shows probes made on demand, newest first, and escapes what was asked", async () => {
  const history = new ProbeHistory(100);
  const outcome = { ...SUCCEEDED, durationSeconds: 1 };
  const debugText = () => "";
  history.add({ target: "first", moduleName: "icmp", outcome, debugText });
  const failed = { ...outcome, kind: "failed", reason: "icmp_timeout", detail: "" } as const;
  const target = `<script>"'&${"x".repeat(9_000)}`;
  history.add({ target, moduleName: "<b>", outcome: failed, debugText });
  await using server = await serve({ history });
  const { body } = await ask(server.port, "/");
  const rows = body.match(/<tr><td>.*<\/tr>/g) ?? [];
  assert.equal(rows.length, 2);
  const shown = `&lt;script&gt;&quot;&#39;&amp;${"x".repeat(189)}…`;
  assert.equal(
    rows[0],
    `<tr><td>&lt;b&gt;</td><td>${shown}</td><td><strong>Failure</strong></td><td>2023-11-14T22:13:19.000Z</td><td><a href="/logs?id=1">Logs</a></td></tr>`,
  );
  assert.match(rows[1] ?? "", /<td>first<\/td><td>Success<\/td>.*href="\/logs\?id=0"/);
});

test("the page says when nothing was asked yet", async () => {
  await using server = await serve();
  assert.ok((await ask(server.port, "/")).body.includes("None were made on demand."));
});
