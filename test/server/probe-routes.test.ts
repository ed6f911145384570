import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import type { ProbeOutcome } from "../../src/probe/prober.ts";
import { ask, fakeProbes, gate, refusedOutcome, SUCCEEDED, serve } from "./support.ts";

const TEXT = "text/plain; version=0.0.4; charset=utf-8";
const PLAIN = "text/plain; charset=utf-8";
const BAD_TIMEOUT = { "X-Prometheus-Scrape-Timeout-Seconds": "soon" };

/** Each has the faults of those after it too: the first check that fails must answer. */
const order = [
  {
    name: "an unknown module, before all else",
    path: "/probe?module=nope",
    headers: BAD_TIMEOUT,
    status: 400,
    body: 'Unknown module "nope"\n',
  },
  {
    name: "a broken timeout header, before the target",
    path: "/probe?module=http_host&hostname=other.example.net",
    headers: BAD_TIMEOUT,
    status: 500,
    body: 'Failed to parse timeout from Prometheus header: strconv.ParseFloat: parsing "soon": invalid syntax\n',
  },
  {
    name: "no target, before the hostname",
    path: "/probe?module=http_host&hostname=other.example.net",
    status: 400,
    body: "Target parameter is missing\n",
  },
  {
    name: "an empty target",
    path: "/probe?target=&target=192.0.2.1",
    status: 400,
    body: "Target parameter is missing\n",
  },
  {
    name: "a target whose escape is broken, as if absent",
    path: "/probe?target=%zz",
    status: 400,
    body: "Target parameter is missing\n",
  },
  {
    name: "another Host than the module's, before the policy",
    path: "/probe?module=http_host&hostname=other.example.net&target=refused.example.net",
    status: 400,
    body: "host header defined both in module configuration (www.example.net) and with URL-parameter 'hostname' (other.example.net)\n",
  },
  {
    name: "a hostname that is none",
    path: "/probe?hostname=a%0d%0ab&target=192.0.2.1",
    status: 400,
    body: "the value of header Host holds a line break, a control character or one beyond ISO 8859-1: write it in one line, other characters percent-encoded\n",
  },
  {
    name: "what the policy refuses, before the limit",
    path: "/probe?target=refused.example.net",
    status: 403,
    body: "Probe refused: it is in no group\n",
  },
  {
    name: "a probe beyond the limit",
    path: "/probe?target=192.0.2.1",
    status: 429,
    body: "0 probes are running, the limit probe.max_concurrent: try again, or raise it\n",
  },
] as const;

for (const { name, path, status, body, ...options } of order) {
  test(`/probe answers ${status} to ${name}`, async () => {
    const probe = fakeProbes({ maxConcurrent: () => 0 });
    await using server = await serve({ probe });
    const answer = await ask(server.port, path, options);
    assert.equal(answer.status, status);
    assert.equal(answer.body, body);
    assert.equal(answer.headers["content-type"], PLAIN);
    assert.equal(answer.headers["x-content-type-options"], "nosniff");
    assert.equal(probe.counts.unknownModules, status === 400 && path.includes("nope") ? 1 : 0);
    assert.deepEqual(probe.counts.refusals, status === 403 ? ["targets"] : []);
    assert.deepEqual(probe.ran, []);
  });
}

for (const module of ["constructor", "__proto__", "toString"]) {
  test(`/probe knows no module ${module}`, async () => {
    await using server = await serve();
    const answer = await ask(server.port, `/probe?module=${module}&target=192.0.2.1`);
    assert.equal(answer.status, 400);
  });
}

const runs = [
  {
    name: "the module http_2xx when none is named",
    query: "target=a.example",
    want: { moduleName: "http_2xx", target: "a.example", timeoutSeconds: 119.5 },
  },
  {
    name: "the module http_2xx when its name is empty",
    query: "module=&target=a.example",
    want: { moduleName: "http_2xx" },
  },
  {
    name: "the module's timeout",
    query: "module=icmp&target=192.0.2.1",
    want: { moduleName: "icmp", timeoutSeconds: 2 },
  },
  {
    name: "the first of repeated targets",
    query: "target=a.example&target=b.example",
    want: { target: "a.example" },
  },
  {
    name: "a target unescaped twice",
    query: "target=http%253A%252F%252Fa.example%252F%253Fq%253D1",
    want: { target: "http://a.example/?q=1" },
  },
  {
    name: "a target with a plus, which the second unescape makes a space",
    query: "target=a%2Bb",
    want: { target: "a b" },
  },
  {
    name: "a target that can be unescaped only once",
    query: "target=a.example%2F100%25",
    want: { target: "a.example/100%" },
  },
] as const;

for (const { name, query, want } of runs) {
  test(`/probe runs ${name}`, async () => {
    const probe = fakeProbes();
    await using server = await serve({ probe });
    const answer = await ask(server.port, `/probe?${query}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["content-type"], TEXT);
    assert.deepEqual({ ...probe.ran[0], ...want }, probe.ran[0]);
  });
}

const headersCases = [
  {
    name: "shortens the probe by the offset",
    headers: { "X-Prometheus-Scrape-Timeout-Seconds": "10" },
    module: "slow",
    want: 9.5,
  },
  {
    name: "does not lengthen the module's timeout",
    headers: { "X-Prometheus-Scrape-Timeout-Seconds": "60" },
    module: "slow",
    want: 30,
  },
  {
    name: "counts once, the first, when repeated",
    headers: { "X-Prometheus-Scrape-Timeout-Seconds": ["7.5", "60"] },
    module: "slow",
    want: 7,
  },
];

for (const { name, headers, module, want } of headersCases) {
  test(`the scrape timeout header ${name}`, async () => {
    await using server = await serve();
    const answer = await ask(server.port, `/probe?module=${module}&target=a.example`, { headers });
    assert.equal(answer.body, `probe_success 1\nprobe_timeout_seconds ${want}\n`);
  });
}

test("hostname becomes the Host header of an HTTP module and leaves the configuration alone", async () => {
  const probe = fakeProbes();
  await using server = await serve({ probe });
  await ask(server.port, "/probe?target=192.0.2.1&hostname=a.example.net:8080");
  await ask(server.port, "/probe?target=192.0.2.1&hostname=www.example.net&module=http_host");
  await ask(server.port, "/probe?target=192.0.2.1&hostname=a.example.net&module=icmp");
  await ask(server.port, "/probe?target=192.0.2.1");
  assert.deepEqual(
    probe.ran.map(({ module }) => module.http.headers),
    [{ Host: "a.example.net:8080" }, { Host: "www.example.net" }, {}, {}],
  );
});

test("hostname becomes the server name of a TCP module that names none", async () => {
  const probe = fakeProbes();
  await using server = await serve({ probe });
  for (const module of ["tcp_tls", "tcp_named"]) {
    const answer = await ask(
      server.port,
      `/probe?target=192.0.2.1:993&hostname=imap.example.net&module=${module}`,
    );
    assert.equal(answer.status, 200);
  }
  assert.deepEqual(
    probe.ran.map(({ module }) => module.tcp.tls_config.server_name),
    ["imap.example.net", "mail.example.net"],
  );
});

for (const hostname of ["a%20b", "a%0d%0ab", "%C3%BC.example", "a".repeat(254)]) {
  test(`hostname=${hostname.slice(0, 20)} is no server name for a TCP module`, async () => {
    await using server = await serve();
    const path = `/probe?target=192.0.2.1:993&module=tcp_tls&hostname=${hostname}`;
    const answer = await ask(server.port, path);
    assert.equal(answer.status, 400);
    assert.match(answer.body, /^hostname is no server name: write /);
  });
}

for (const method of ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"]) {
  test(`/probe takes ${method}`, async () => {
    await using server = await serve();
    const answer = await ask(server.port, "/probe?target=a.example", { method });
    assert.equal(answer.status, 200);
    assert.match(answer.body, /^probe_success 1$/m);
  });
}

test("/probe answers HEAD with the headers alone", async () => {
  await using server = await serve();
  const answer = await ask(server.port, "/probe?target=a.example", { method: "HEAD" });
  assert.equal(answer.status, 200);
  assert.equal(answer.body, "");
});

test("/probe shows the debug page as plain text, for debug=true alone", async () => {
  await using server = await serve();
  const debug = await ask(server.port, "/probe?target=a.example&debug=true");
  assert.equal(debug.headers["content-type"], PLAIN);
  assert.equal(debug.body, "Logs for the probe of a.example\n");
  const other = await ask(server.port, "/probe?target=a.example&debug=1");
  assert.equal(other.headers["content-type"], TEXT);
});

test("a failed probe is a 200 with probe_success 0", async () => {
  const failed: ProbeOutcome = {
    ...SUCCEEDED,
    kind: "failed",
    reason: "icmp_timeout",
    detail: "no answer",
  };
  await using server = await serve({ probe: fakeProbes({ run: async () => failed }) });
  const answer = await ask(server.port, "/probe?target=a.example");
  assert.equal(answer.status, 200);
  assert.match(answer.body, /^probe_success 0$/m);
});

test("every probe that was made is kept, and none that was refused", async () => {
  let outcome = SUCCEEDED;
  const probe = fakeProbes({ run: async () => outcome });
  await using server = await serve({ probe });
  await ask(server.port, "/probe?target=a.example");
  await ask(server.port, "/probe?target=refused.example.net");
  outcome = refusedOutcome("169.254.169.254");
  await ask(server.port, "/probe?target=b.example");
  assert.deepEqual(
    probe.kept.map(([{ target }, { kind }]) => [target, kind]),
    [["a.example", "succeeded"]],
  );
});

test("an address that the guard refused is a 403 with the reason, counted by its rule", async () => {
  const probe = fakeProbes({ run: async () => refusedOutcome("169.254.169.254") });
  await using server = await serve({ probe });
  const answer = await ask(server.port, "/probe?target=a.example&debug=true");
  assert.equal(answer.status, 403);
  assert.equal(
    answer.body,
    'Probe refused: 169.254.169.254 is in the set "metadata" of probe.deny\n',
  );
  assert.deepEqual(probe.counts.refusals, ["deny:metadata"]);
});

/** A run that ends when told, and says when it began and whether it was cancelled. */
function heldRun() {
  const begun = gate();
  const ended = gate();
  const cancelled = gate();
  const run = async (_probe: unknown, signal: AbortSignal): Promise<ProbeOutcome> => {
    signal.addEventListener("abort", () => cancelled.open());
    begun.open();
    await Promise.race([ended.opened, cancelled.opened]);
    return SUCCEEDED;
  };
  return { run, begun: begun.opened, cancelled: cancelled.opened, end: ended.open };
}

test("a probe beyond the limit is turned away until another ends", async () => {
  const held = heldRun();
  await using server = await serve({
    probe: fakeProbes({ run: held.run, maxConcurrent: () => 1 }),
  });
  const first = ask(server.port, "/probe?target=a.example");
  await held.begun;
  const second = await ask(server.port, "/probe?target=b.example");
  assert.equal(second.status, 429);
  assert.equal(second.headers["retry-after"], "1");
  assert.match(second.body, /^1 probes are running/);
  held.end();
  assert.equal((await first).status, 200);
  assert.equal((await ask(server.port, "/probe?target=b.example")).status, 200);
});

test("a client that goes away cancels its probe and gives its place back", async () => {
  const held = heldRun();
  let isFirst = true;
  const probe = fakeProbes({
    run: (request, signal) => (isFirst ? held.run(request, signal) : Promise.resolve(SUCCEEDED)),
    maxConcurrent: () => 1,
  });
  await using server = await serve({ probe });
  const socket = connect({ host: "127.0.0.1", port: server.port });
  socket.write("GET /probe?target=a.example HTTP/1.1\r\nHost: a\r\n\r\n");
  await held.begun;
  isFirst = false;
  socket.destroy();
  await once(socket, "close");
  await held.cancelled;
  assert.equal((await ask(server.port, "/probe?target=b.example")).status, 200);
  assert.deepEqual(
    probe.kept.map(([{ target }]) => target),
    ["a.example", "b.example"],
    "a probe nobody waited for is kept too",
  );
});

test("a probe that the agent could not run is a 500 without the cause", async () => {
  const run = () => Promise.reject(new Error("the worker of /secret/path ended"));
  await using server = await serve({ probe: fakeProbes({ run }) });
  const answer = await ask(server.port, "/probe?target=a.example");
  assert.equal(answer.status, 500);
  assert.equal(answer.body, "the agent failed to answer; its log says why\n");
});
