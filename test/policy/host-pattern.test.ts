import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { hostPatternProblem, matchesHost } from "../../src/policy/host-pattern.ts";

const matching = [
  { pattern: "www.example.net", host: "www.example.net", want: true },
  { pattern: "WWW.example.net", host: "www.EXAMPLE.net.", want: true },
  { pattern: "www.example.net", host: "www.example.net.example.org", want: false },
  { pattern: "*.example.net", host: "a.example.net", want: true },
  { pattern: "*.example.net", host: "a.b.Example.NET", want: true },
  { pattern: "*.example.net", host: "example.net", want: false },
  { pattern: "*.example.net", host: ".example.net", want: false },
  { pattern: "*.example.net", host: "badexample.net", want: false },
  { pattern: "*.example.net", host: "example.net.example.org", want: false },
  { pattern: "2001:db8::1", host: "[2001:DB8:0::1]", want: true },
  { pattern: "192.0.2.1", host: "192.0.2.1", want: true },
  { pattern: "192.0.2.1", host: "192.0.2.10", want: false },
  { pattern: "*.bücher.example", host: "www.xn--bcher-kva.example", want: true },
] as const;

for (const { pattern, host, want } of matching) {
  test(`matchesHost() says ${want} of ${pattern} and ${host}`, () => {
    assert.equal(matchesHost(pattern, host), want);
  });
}

const problems = [
  { pattern: "*", says: /would match every host/ },
  { pattern: "*.", says: /would match every host/ },
  { pattern: "", says: /is not a host/ },
  { pattern: "a*.example.net", says: /has a "\*" inside/ },
  { pattern: "*.*.example.net", says: /has a "\*" inside/ },
  { pattern: "https://example.net/", says: /more than a host/ },
  { pattern: "example.net:443", says: /more than a host/ },
  { pattern: "user@example.net", says: /more than a host/ },
  { pattern: "exam ple.net", says: /is not a host/ },
  { pattern: "example..net", says: /is not a host/ },
  { pattern: "*.192.0.2.1", says: /block of addresses in "cidr"/ },
  { pattern: "a".repeat(254), says: /is not a host/ },
] as const;

for (const { pattern, says } of problems) {
  test(`hostPatternProblem() of ${JSON.stringify(pattern.slice(0, 30))}`, () => {
    assert.match(hostPatternProblem(pattern) ?? "", says);
  });
}

for (const fine of [
  "example.net",
  "*.example.net",
  "_dmarc.example.net",
  "2001:db8::1",
  "büro.example",
]) {
  test(`hostPatternProblem() has nothing against ${fine}`, () => {
    assert.equal(hostPatternProblem(fine), undefined);
  });
}

test("matchesHost() of a wildcard takes exactly the names that end in the domain", () => {
  const label = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 5 }), (labels) => {
      const host = labels.join(".");
      assert.equal(matchesHost(`*.${host}`, `x.${host}`), true);
      assert.equal(matchesHost(`*.${host}`, host), false);
      assert.equal(matchesHost(`*.${host}`, `x${host}`), false);
    }),
  );
});
