import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createGuard } from "../../src/policy/guard.ts";
import { guardProxied } from "../../src/policy/proxied-hop.ts";
import { readTarget } from "../../src/policy/target-text.ts";
import type { Permit } from "../../src/policy/verdict.ts";

/** The agent denies all it can: the sets, and two blocks. */
const guard = createGuard({
  deny: ["metadata", "self", "10.0.0.0/8", "2001:db8:dead::/48"],
  listen: [{ address: "0.0.0.0", port: 10_707 }],
  localAddresses: () => ["192.0.2.7"],
});

/** A permit that would let everything pass, were it not for what is denied. */
const PERMITS: readonly Permit[] = [
  { kind: "deny_only" },
  { kind: "rules", module: "m", rules: [{ cidr: ["0.0.0.0/0", "::/0"] }, { module: ["m"] }] },
];

type Octets = readonly [number, number, number, number];
const octet = fc.nat(255);
const inBlock = (...fixed: readonly number[]): fc.Arbitrary<Octets> =>
  fc
    .tuple(octet, octet, octet, octet)
    .map(([a, b, c, d]): Octets => [fixed[0] ?? a, fixed[1] ?? b, fixed[2] ?? c, fixed[3] ?? d]);

const denied = fc.oneof(
  inBlock(169, 254),
  inBlock(10),
  inBlock(100, 100, 100, 200),
  inBlock(168, 63, 129, 16),
  inBlock(192, 0, 0, 192),
  inBlock(0),
  fc.integer({ min: 224, max: 255 }).chain((first) => inBlock(first)),
);

const pair = (high: number, low: number): string => ((high << 8) | low).toString(16);
const hex = ([a, b, c, d]: Octets): string => `${pair(a, b)}:${pair(c, d)}`;
const flipped = (octets: Octets): Octets => {
  const [a, b, c, d] = octets;
  return [a ^ 255, b ^ 255, c ^ 255, d ^ 255];
};

/** Every way to write an IPv4 address that a socket call takes. */
const ADDRESS_NOTATIONS: readonly ((octets: Octets) => string)[] = [
  (octets) => octets.join("."),
  (octets) => `::ffff:${octets.join(".")}`,
  (octets) => `::FFFF:${hex(octets).toUpperCase()}`,
  (octets) => `0:0:0:0:0:ffff:${hex(octets)}`,
  (octets) => `0000:0000:0000:0000:0000:ffff:${octets.join(".")}%eth0`,
  (octets) => `64:ff9b::${hex(octets)}`,
  (octets) => `64:ff9b:0:0:0:0:${octets.join(".")}`,
  (octets) => `64:ff9b:1::${hex(octets)}`,
  ([a, b, c, d]) => `64:ff9b:1:${pair(a, b)}:${c.toString(16)}:${pair(d, 0)}::`,
  (octets) => `::ffff:0:${hex(octets)}`,
  (octets) => `2002:${hex(octets)}::1`,
  (octets) => `2001:0:4136:e378:8000:63bf:${hex(flipped(octets))}`,
];

const numberOf = ([a, b, c, d]: Octets): number => a * 2 ** 24 + b * 2 ** 16 + c * 256 + d;

/** Ways to write it that URL parsers and resolvers take. */
const HOST_NOTATIONS: readonly ((octets: Octets) => string)[] = [
  (octets) => String(numberOf(octets)),
  (octets) => `0x${numberOf(octets).toString(16)}`,
  (octets) => `0${numberOf(octets).toString(8)}`,
  ([a, ...rest]) => `${a}.${numberOf([0, ...rest])}`,
  ([a, b, c, d]) => `0x${a.toString(16)}.0${b.toString(8)}.${c * 256 + d}`,
  (octets) => octets.map((part) => `0${part.toString(8)}`).join("."),
  (octets) => `${octets.join(".")}.`,
  (octets) => octets.join("。"),
];

for (const [at, notation] of ADDRESS_NOTATIONS.entries()) {
  test(`a guard refuses every denied IPv4 address in notation ${notation([10, 0, 2, 1])} (${at})`, () => {
    fc.assert(
      fc.property(denied, fc.constantFrom(...PERMITS), fc.boolean(), (octets, permit, isFirst) => {
        const address = notation(octets);
        const verdict = guard({ address, port: 80, host: "a.example.net" }, permit, isFirst);
        assert.equal(verdict.kind, "refused", address);
      }),
    );
  });
}

for (const [at, notation] of HOST_NOTATIONS.entries()) {
  const example = notation([10, 0, 2, 1]);
  test(`no target ${example} (${at}) leads to a denied address by a URL or a proxy`, () => {
    fc.assert(
      fc.property(denied, fc.constantFrom(...PERMITS), (octets, permit) => {
        const host = notation(octets);
        const url = new URL(`http://${host}:8080/`);
        const hop = { address: url.hostname, port: 8080, host: url.hostname };
        assert.equal(guard(hop, permit, true).kind, "refused", host);
        assert.equal(readTarget(`ws://${host}:8080/`, "websocket").host, octets.join("."));
        // The http prober takes it for the name it is written as, or for the address, or refuses it.
        const read = readTarget(`http://${host}:8080/`, "http");
        assert.ok(["", host, octets.join(".")].includes(read.host), read.host);
        const asked = { host, port: 8080, address: undefined };
        assert.equal(guardProxied(guard, asked, permit, true).kind, "refused", host);
        // A socket call is never given such a text; should it be, it is refused as no address.
        assert.equal(guard({ address: host, port: 8080, host }, permit, true).kind, "refused");
      }),
    );
  });
}

test("a guard refuses denied IPv6 blocks in every spelling", () => {
  const word = fc.nat(0xffff).map((value) => value.toString(16));
  fc.assert(
    fc.property(fc.array(word, { minLength: 5, maxLength: 5 }), fc.boolean(), (words, isUpper) => {
      const plain = `2001:db8:dead:${words.join(":")}`;
      const address = isUpper ? plain.toUpperCase().replace("DB8", "0DB8") : `${plain}%7`;
      const verdict = guard({ address, port: 80, host: "h" }, { kind: "deny_only" }, true);
      assert.equal(verdict.kind, "refused", address);
    }),
  );
});

test("a guard holds on the answer that is connected to, not on an earlier one", () => {
  const host = "rebinding.example.net";
  const permit: Permit = { kind: "rules", module: "m", rules: [{ host: ["*.example.net"] }] };
  const answers = ["203.0.113.5", "10.0.0.1", "203.0.113.5", "::ffff:169.254.169.254"];
  const kinds = answers.map((address) => guard({ address, port: 80, host }, permit, true).kind);
  assert.deepEqual(kinds, ["allowed", "refused", "allowed", "refused"]);
});

test("a socket's permit opens this socket and no other, and nothing of the network", () => {
  const permit: Permit = { kind: "path", path: "/run/app/a.sock" };
  const verdict = (address: string, port?: number) =>
    guard({ address, port, host: address }, permit, true).kind;
  assert.equal(verdict("/run/app/a.sock"), "allowed");
  assert.equal(verdict("/run/app/b.sock"), "refused");
  assert.equal(verdict("203.0.113.5", 80), "refused");
  assert.equal(
    guard({ address: "/run/app/a.sock", port: undefined, host: "h" }, { kind: "deny_only" }, true)
      .kind,
    "refused",
  );
});
