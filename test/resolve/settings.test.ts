import assert from "node:assert/strict";
import { test } from "node:test";
import { resolverOptions } from "../../src/resolve/options.ts";
import { parseResolvConf } from "../../src/resolve/resolv-conf.ts";
import { settingsFrom } from "../../src/resolve/settings.ts";
import { type Logger, silentLog } from "../../src/runtime/log.ts";

function settings(text: string, options: object, log: Logger = silentLog) {
  const conf = parseResolvConf(text, { hostname: "agent", environment: {} });
  return settingsFrom(conf, resolverOptions.parse(options), log);
}

const two = "nameserver 192.0.2.1\nnameserver 2001:db8::1\nsearch a.example\noptions ndots:3\n";

test("settingsFrom() takes resolv.conf's servers, search list and ndots", () => {
  assert.deepEqual(settings(two, {}), {
    plan: { servers: ["192.0.2.1:53", "[2001:db8::1]:53"], attempts: 2, patienceSeconds: 0.5 },
    search: ["a.example"],
    ndots: 3,
  });
});

test("settingsFrom() prefers the configured servers and search list, each as a whole", () => {
  const options = { servers: ["192.0.2.53:5353"], search: ["B.Example."] };
  const { plan, search, ndots } = settings(two, options);
  assert.deepEqual(plan.servers, ["192.0.2.53:5353"]);
  assert.deepEqual([search, ndots], [["b.example"], 3]);
});

test("settingsFrom() leaves out a server with a zone and says so", () => {
  const left: unknown[] = [];
  const log: Logger = { ...silentLog, warn: (_message, fields) => left.push(fields?.["server"]) };
  const both = "nameserver fe80::1%eth0\nnameserver 192.0.2.1\n";
  assert.deepEqual(settings(both, {}, log).plan.servers, ["192.0.2.1:53"]);
  assert.deepEqual(settings("nameserver fe80::1%eth0\n", {}).plan.servers, ["127.0.0.1:53"]);
  assert.deepEqual(left, ["fe80::1%eth0"]);
});

const paces = [
  { name: "one server", text: "", timeout: "2s", attempts: 2, patienceSeconds: 1 },
  { name: "two servers", text: two, timeout: "2s", attempts: 2, patienceSeconds: 0.5 },
  {
    name: "a shorter try",
    text: "options timeout:1",
    timeout: "4s",
    attempts: 2,
    patienceSeconds: 1,
  },
  {
    name: "a longer try is cut",
    text: "options timeout:9",
    timeout: "4s",
    attempts: 2,
    patienceSeconds: 2,
  },
  {
    name: "one attempt",
    text: "options attempts:1",
    timeout: "2s",
    attempts: 1,
    patienceSeconds: 2,
  },
  { name: "longer than c-ares listens", text: "", timeout: "30s", attempts: 6, patienceSeconds: 5 },
] as const;

for (const { name, text, timeout, attempts, patienceSeconds } of paces) {
  test(`settingsFrom() paces its tries: ${name} in ${timeout}`, () => {
    const { plan } = settings(text, { timeout });
    assert.deepEqual([plan.attempts, plan.patienceSeconds], [attempts, patienceSeconds]);
  });
}
