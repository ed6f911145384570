import assert from "node:assert/strict";
import { test } from "node:test";
import { resolverOptions } from "../../src/resolve/options.ts";
import { parseServerAddress, serverText } from "../../src/resolve/server-address.ts";

const servers = [
  { text: "192.0.2.53", want: "192.0.2.53:53" },
  { text: "192.0.2.53:5353", want: "192.0.2.53:5353" },
  { text: "2001:db8::53", want: "[2001:db8::53]:53" },
  { text: "[2001:db8::53]", want: "[2001:db8::53]:53" },
  { text: "[2001:db8::53]:5353", want: "[2001:db8::53]:5353" },
  { text: "192.0.2.53:65535", want: "192.0.2.53:65535" },
  { text: "192.0.2.53:0", want: undefined },
  { text: "192.0.2.53:65536", want: undefined },
  { text: "192.0.2.53:", want: undefined },
  { text: "192.0.2:53", want: undefined },
  { text: "[192.0.2.53]:53", want: undefined },
  { text: "[2001:db8::53]:x", want: undefined },
  { text: "[2001:db8::53", want: undefined },
  { text: "fe80::1%eth0", want: undefined },
  { text: "[fe80::1%eth0]:53", want: undefined },
  { text: "dns.example.net", want: undefined },
  { text: "", want: undefined },
] as const;

for (const { text, want } of servers) {
  test(`parseServerAddress() of "${text}" is ${want ?? "refused"}`, () => {
    const server = parseServerAddress(text);
    assert.equal(server && serverText(server), want);
  });
}

test("resolverOptions: the defaults are those of the contract", () => {
  assert.deepEqual(resolverOptions.parse({}), {
    servers: [],
    search: [],
    timeout: 2,
    min_ttl: 5,
    max_ttl: 3600,
  });
});

const problems = [
  {
    name: "a server by name",
    value: { servers: ["192.0.2.53", "dns.example.net"] },
    path: ["servers", 1],
    message: '"dns.example.net" is not an address: write 192.0.2.53 or [2001:db8::53]:53',
  },
  {
    name: "a search domain with a space",
    value: { search: ["corp example"] },
    path: ["search", 0],
    message: '"corp example" is not a domain: write for example corp.example.net',
  },
  {
    name: "a timeout of an hour",
    value: { timeout: "1h" },
    path: ["timeout"],
    message: "must not be longer than 1m",
  },
  {
    name: "min_ttl over max_ttl",
    value: { min_ttl: "2m", max_ttl: "1m" },
    path: ["min_ttl"],
    message: "must not be longer than max_ttl",
  },
] as const;

for (const { name, value, path, message } of problems) {
  test(`resolverOptions refuses ${name}`, () => {
    const { error } = resolverOptions.safeParse(value);
    assert.deepEqual(
      error?.issues.map((issue) => ({ path: issue.path, message: issue.message })),
      [{ path, message }],
    );
  });
}
