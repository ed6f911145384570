import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isWithoutProxy } from "../../../src/probe/http/no-proxy.ts";

/** By the rules of golang.org/x/net/http/httpproxy. */
const cases: readonly {
  readonly list: string;
  readonly host: string;
  readonly port?: number;
  readonly want: boolean;
}[] = [
  { list: "", host: "a.example", want: false },
  { list: "", host: "localhost", want: true },
  { list: "", host: "sub.localhost", want: false },
  { list: "", host: "127.0.0.1", want: true },
  { list: "", host: "127.9.9.9", want: true },
  { list: "", host: "::1", want: true },
  { list: "", host: "[::1]", want: true },
  { list: "", host: "::ffff:127.0.0.1", want: true },
  { list: "*", host: "192.0.2.1", want: true },
  { list: "x.example, * ,y.example", host: "a.example", want: true },
  { list: "a.example", host: "a.example", want: true },
  { list: "A.Example", host: "a.EXAMPLE", want: true },
  { list: "a.example", host: "www.a.example", want: true },
  { list: "a.example", host: "ba.example", want: false },
  { list: ".a.example", host: "a.example", want: false },
  { list: ".a.example", host: "www.a.example", want: true },
  { list: "*.a.example", host: "a.example", want: false },
  { list: "*.a.example", host: "x.y.a.example", want: true },
  { list: "a.example:8080", host: "a.example", port: 8080, want: true },
  { list: "a.example:8080", host: "a.example", port: 80, want: false },
  { list: " , ,b.example ,a.example", host: "a.example", want: true },
  { list: "192.0.2.0/24", host: "192.0.2.77", want: true },
  { list: "192.0.2.9/24", host: "192.0.2.77", want: true },
  { list: "192.0.2.0/24", host: "192.0.3.1", want: false },
  { list: "192.0.2.0/24", host: "::ffff:192.0.2.1", want: true },
  { list: "192.0.2.0/24", host: "192.0.2.1.example", want: false },
  { list: "192.0.2.0/33", host: "192.0.2.1", want: false },
  { list: "2001:db8::/32", host: "2001:db8::1", want: true },
  { list: "2001:db8::/32", host: "[2001:db8:1::1]", want: true },
  { list: "2001:db8::1", host: "2001:db8:0::1", want: true },
  { list: "[2001:db8::1]:443", host: "2001:db8::1", port: 443, want: true },
  { list: "[2001:db8::1]:443", host: "2001:db8::1", port: 80, want: false },
  { list: "192.0.2.1:80", host: "192.0.2.1", port: 80, want: true },
  { list: "192.0.2.1:80", host: "192.0.2.1", port: 81, want: false },
  { list: ":80", host: "a.example", want: false },
  { list: "bücher.example", host: "xn--bcher-kva.example", want: true },
  { list: "2.1", host: "192.0.2.1", want: false },
];

for (const { list, host, port = 80, want } of cases) {
  test(`no_proxy ${JSON.stringify(list)} ${want ? "takes out" : "leaves"} ${host}:${port}`, () => {
    assert.equal(isWithoutProxy(list, host, port), want);
  });
}

test("no list, however broken, throws, and * anywhere in it takes everything out", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.nat(65_535), (list, host, port) => {
      assert.equal(typeof isWithoutProxy(list, host, port), "boolean");
      assert.equal(isWithoutProxy(`${list.replaceAll(",", "")},*`, host, port), true);
    }),
  );
});

test("a name is taken out by itself and by each of its parents", () => {
  const label = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 4 }), fc.nat(3), (labels, above) => {
      const name = `${labels.join(".")}.example`;
      const parent = name.split(".").slice(Math.min(above, labels.length)).join(".");
      assert.equal(isWithoutProxy(parent, name, 80), true);
      assert.equal(isWithoutProxy(`.${parent}`, name, 80), parent !== name);
    }),
  );
});
