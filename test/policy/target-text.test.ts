import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readTarget } from "../../src/policy/target-text.ts";
import { dnsTarget } from "../../src/probe/dns/dns-target.ts";
import { grpcTarget } from "../../src/probe/grpc/grpc-target.ts";
import { portNumber, splitHostPort } from "../../src/probe/host-port.ts";
import { hostOfUrl, portOfUrl, targetUrl } from "../../src/probe/http/http-request.ts";

const cases = [
  { prober: "icmp", target: "https://www.example.net:8443/x", host: "www.example.net" },
  { prober: "icmp", target: "2001:db8::1", host: "2001:db8::1" },
  { prober: "http", target: "www.example.net", host: "www.example.net", port: 80 },
  { prober: "http", target: "HTTPS://www.example.net/", host: "www.example.net", port: 443 },
  { prober: "http", target: "http://[2001:db8::1]:8080/", host: "2001:db8::1", port: 8080 },
  { prober: "http", target: "http://a.example.net\\@b.example.net/", host: "" },
  { prober: "http", target: "http://a@b.example.net/", host: "b.example.net", port: 80 },
  { prober: "http", target: "http://2130706433/", host: "2130706433", port: 80 },
  { prober: "http", target: "127.1:8080/x", host: "127.1", port: 8080 },
  { prober: "tcp", target: "mail.example.net:25", host: "mail.example.net", port: 25 },
  { prober: "tcp", target: "[fe80::1%eth0]:22", host: "fe80::1%eth0", port: 22 },
  { prober: "tcp", target: "mail.example.net:smtp", host: "mail.example.net" },
  { prober: "tcp", target: "mail.example.net", host: "mail.example.net" },
  { prober: "dns", target: "192.0.2.53", host: "192.0.2.53" },
  { prober: "dns", target: "192.0.2.53:5353", host: "192.0.2.53", port: 5353 },
  { prober: "dns", target: "2001:db8::53", host: "2001:db8::53" },
  { prober: "dns", target: "[2001:db8::53]:53", host: "2001:db8::53", port: 53 },
  { prober: "dns", target: "[2001:db8::53]", host: "2001:db8::53" },
  { prober: "grpc", target: "api.example.net", host: "api.example.net" },
  { prober: "grpc", target: "api.example.net:50051", host: "api.example.net", port: 50_051 },
  { prober: "grpc", target: "https://api.example.net:8443", host: "api.example.net", port: 8443 },
  { prober: "grpc", target: "[2001:db8::1]:50051", host: "2001:db8::1", port: 50_051 },
  { prober: "websocket", target: "ws://w.example.net/x", host: "w.example.net", port: 80 },
  { prober: "websocket", target: "wss://w.example.net/x", host: "w.example.net", port: 443 },
  { prober: "websocket", target: "wss://0x7f.1:8443/", host: "127.0.0.1", port: 8443 },
] as const;

for (const { prober, target, host, ...rest } of cases) {
  const port = "port" in rest ? rest.port : undefined;
  test(`readTarget() of the ${prober} target ${target}`, () => {
    const place = readTarget(target, prober);
    assert.equal(place.host, host);
    const known = place.port.kind === "port" ? place.port.port : undefined;
    assert.equal(known, port);
    assert.equal(place.port.kind === "portless", prober === "icmp");
  });
}

const fragment = fc.constantFrom(
  ...Array.from("abz0179.:/\\@#?%[]-_ \t\n"),
  "http://",
  "HTTPS://",
  "::1",
  "127.1",
  "0x7f",
  "localhost",
  "%31",
  "１",
  "。",
  ":80",
  ":443",
  ":65536",
);

test("readTarget() finds the place that the http prober connects to, whatever the text", () => {
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 12 }), (fragments) => {
      const target = fragments.join("");
      const read = targetUrl(target);
      if (read.kind === "failed") return;
      assert.deepEqual(readTarget(target, "http"), {
        host: hostOfUrl(read.url),
        port: { kind: "port", port: portOfUrl(read.url) },
      });
    }),
    { numRuns: 2_000 },
  );
});

/** How each prober reads a target; undefined where it refuses. */
const OTHERS: Readonly<
  Record<string, (target: string) => { readonly host: string; readonly port: number } | undefined>
> = {
  tcp: (target) => {
    const split = splitHostPort(target);
    if (split.kind === "failed") return undefined;
    const port = portNumber(split.port);
    return port.kind === "failed" ? undefined : { host: split.host, port: port.number };
  },
  dns: (target) => {
    const read = dnsTarget(target, false);
    return read.kind === "failed" ? undefined : read;
  },
  grpc: (target) => {
    const read = grpcTarget(target, false);
    return read.kind === "failed" ? undefined : read;
  },
};

for (const [prober, read] of Object.entries(OTHERS)) {
  test(`readTarget() finds the place that the ${prober} prober connects to, whatever the text`, () => {
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 8 }), (fragments) => {
        const target = fragments.join("");
        const want = read(target);
        if (want === undefined) return;
        const { host, port } = readTarget(target, prober);
        assert.equal(host, want.host, target);
        // A port that is left out or has a name is left to the guard.
        if (port.kind === "port") assert.equal(port.port, want.port, target);
        else assert.equal(port.kind, "unknown");
      }),
      { numRuns: 2_000 },
    );
  });
}

test("readTarget() reads any text of any prober without throwing", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string(), (target, prober) => {
      for (const name of ["http", "tcp", "dns", "grpc", "websocket", "icmp", prober]) {
        assert.equal(typeof readTarget(target, name).host, "string");
      }
    }),
  );
});
