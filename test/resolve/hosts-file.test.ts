import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { addressesFromHosts, parseHostsFile } from "../../src/resolve/hosts-file.ts";

const file = parseHostsFile(`
# 192.0.2.9 commented
192.0.2.1	Router.Example router   # the one downstairs
2001:db8::1 router.example
192.0.2.1 router
192.0.2.2 router
fe80::1%eth0 neighbour
not-an-address nobody
192.0.2.3
192.0.2.4 dotted.
192.0.2.5 localhost app.localhost\r
__proto__ constructor
`);

const cases = [
  { name: "router.example", want: ["192.0.2.1", "2001:db8::1"] },
  { name: "router", want: ["192.0.2.1", "192.0.2.2"] },
  { name: "neighbour", want: ["fe80::1%eth0"] },
  { name: "dotted", want: ["192.0.2.4"] },
  { name: "commented", want: undefined },
  { name: "downstairs", want: undefined },
  { name: "nobody", want: undefined },
  { name: "constructor", want: undefined },
  { name: "localhost", want: ["127.0.0.1", "::1"] },
  { name: "app.localhost", want: ["127.0.0.1", "::1"] },
  { name: "a.b.localhost", want: ["127.0.0.1", "::1"] },
  { name: "notlocalhost", want: undefined },
] as const;

for (const { name, want } of cases) {
  test(`addressesFromHosts() of ${name}: ${want?.join(" and ") ?? "nothing"}`, () => {
    const found = addressesFromHosts(file, name);
    assert.deepEqual(
      found?.map(({ text }) => text),
      want,
    );
  });
}

test("addressesFromHosts() knows localhost without any file", () => {
  const found = addressesFromHosts(parseHostsFile(""), "localhost");
  assert.deepEqual(found, [
    { text: "127.0.0.1", family: "ipv4" },
    { text: "::1", family: "ipv6" },
  ]);
});

test("parseHostsFile() keeps at most 256 addresses of a name", () => {
  const lines = Array.from({ length: 300 }, (_, at) => `192.0.${at >> 8}.${at & 255} many`);
  assert.equal(parseHostsFile(lines.join("\n")).get("many")?.length, 256);
});

test("parseHostsFile() takes any text", () => {
  const line = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.tuple(fc.ipV4(), fc.string()).map((parts) => parts.join(" ")),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      for (const [name, addresses] of parseHostsFile(lines.join("\n"))) {
        assert.ok(addresses.length > 0);
        assert.equal(name, name.toLowerCase());
      }
    }),
  );
});
