import assert from "node:assert/strict";
import { constants } from "node:os";
import { test } from "node:test";
import { RawSocketTransport } from "../../../../src/icmp/transport/raw-socket/raw-socket.ts";
import { IcmpSocketError } from "../../../../src/icmp/transport.ts";
import { fakeClock } from "../../../support/fake-clock.ts";
import { FakeRawSocketPackage } from "../../../support/fake-raw-socket.ts";
import { FIRST_IDENTIFIER, RawSocketBench } from "./bench.ts";

const FAMILIES = ["ipv4", "ipv6"] as const;

test("a link-local target is sent to with its zone by name", () => {
  const bench = new RawSocketBench("ipv6");
  const addresses: string[] = [];
  bench.rawSocket.onSent = (_bytes, address) => addresses.push(address);
  bench.profile();
  bench.queue(1, { to: "fe80::1%4" });
  assert.deepEqual(addresses, ["fe80::1%eth0"]);
});

test("a profile with a source writes an IP header of its own", () => {
  const bench = new RawSocketBench("ipv4");
  const packets: Buffer[] = [];
  bench.rawSocket.onSent = (bytes) => packets.push(bytes);
  bench.profile({ source: "192.0.2.9", hopLimit: 9, dscp: 46, isFragmentingForbidden: true });
  bench.queue(1, { bytes: 0 });
  assert.equal(
    packets[0]?.subarray(0, 20).toString("hex"),
    "45b8000000004000090100 00c0000209c0000201".replaceAll(" ", ""),
  );
  assert.equal(packets[0]?.length, 28);
});

for (const family of FAMILIES) {
  const source = family === "ipv4" ? "192.0.2.9" : "2001:db8::9";
  const refuse = (_address: string, bytes: Buffer): string | undefined =>
    bytes.length > 1500 ? "Message too long" : undefined;

  test(`${family}: an echo with a source that its link cannot take leaves in fragments`, () => {
    const bench = new RawSocketBench(family);
    const packets: Buffer[] = [];
    bench.rawSocket.refuse = refuse;
    bench.rawSocket.onSent = (bytes) => packets.push(bytes);
    bench.transport.reservePayload(65_507);
    bench.profile({ source });
    bench.queue(0xf_ffff, { bytes: 4000 });
    assert.equal(bench.log.sentAt.size, 1);
    const header = family === "ipv4" ? 20 : 48;
    const parts = packets.map((packet) => packet.subarray(header));
    assert.deepEqual(
      parts.map(({ length }) => length),
      family === "ipv4" ? [1256, 1256, 1256, 240] : [1232, 1232, 1232, 312],
    );
    const whole = Buffer.concat(parts);
    assert.equal(whole.length, 4008);
    assert.equal(whole[8 + 3999], 3999 & 0xff);
    bench.queue(1, { bytes: 1 });
    assert.equal(packets.at(-1)?.length, family === "ipv4" ? 29 : 49);
  });

  test(`${family}: a refused fragment makes the echo unsent`, () => {
    const bench = new RawSocketBench(family);
    let sent = 0;
    bench.rawSocket.onSent = () => {
      sent += 1;
    };
    bench.rawSocket.refuse = (address, bytes) =>
      refuse(address, bytes) ?? (sent === 2 ? "No buffer space available" : undefined);
    bench.transport.reservePayload(65_507);
    bench.profile({ source });
    bench.queue(5, { bytes: 65_507 });
    assert.deepEqual([...bench.log.refused], [[5, constants.errno.ENOBUFS]]);
    assert.equal(sent, 2);
  });
}

test("an echo that must not be fragmented is unsent when its link cannot take it", () => {
  const bench = new RawSocketBench("ipv4");
  bench.rawSocket.refuse = () => "Message too long";
  bench.profile({ source: "192.0.2.9", isFragmentingForbidden: true });
  bench.queue(1, { bytes: 4000 });
  assert.equal(bench.log.refused.get(1), constants.errno.EMSGSIZE);
});

test("the constructor says how a raw socket may be opened", () => {
  const rawSocket = new FakeRawSocketPackage();
  rawSocket.openRefusal = "Operation not permitted";
  assert.throws(
    () =>
      new RawSocketTransport({
        rawSocket,
        family: "ipv6",
        firstIdentifier: FIRST_IDENTIFIER,
        receiveBufferBytes: 1,
        clock: fakeClock(),
        onArrival: () => {},
      }),
    (error) =>
      error instanceof IcmpSocketError &&
      error.errno === "EPERM" &&
      error.message === "Cannot open a raw ipv6 ICMP socket: run as root or grant CAP_NET_RAW",
  );
});

const onLinuxOnly = [
  { name: "an interface", family: "ipv4", changed: { interface: "en0" }, what: "interface en0" },
  { name: "a mark", family: "ipv6", changed: { mark: 7 }, what: "mark 7" },
  {
    name: "a source",
    family: "ipv4",
    changed: { source: "192.0.2.9" },
    what: "source address 192.0.2.9",
  },
  {
    name: "DF",
    family: "ipv4",
    changed: { isFragmentingForbidden: true },
    what: "dont_fragment",
  },
  { name: "a DSCP of IPv6", family: "ipv6", changed: { dscp: 46 }, what: "dscp" },
] as const;
for (const { name, family, changed, what } of onLinuxOnly) {
  test(`openProfile() elsewhere than on Linux refuses ${name} with a sentence`, () => {
    const bench = new RawSocketBench(family, { platform: "darwin" });
    assert.throws(
      () => bench.profile(changed),
      (error) =>
        error instanceof IcmpSocketError &&
        error.message ===
          `Cannot set ${what} on the ${family} ICMP socket: with the npm package raw-socket only Linux can; leave it out of the module`,
    );
    assert.equal(bench.rawSocket.open.length, 1, "what was opened for it is closed");
    assert.equal(bench.profile({ hopLimit: 9 }), 0);
  });
}

test("openProfile() says which option the system refused, and why", () => {
  const bench = new RawSocketBench("ipv4");
  bench.rawSocket.refuseOption = (_level, option) =>
    option === 36 ? "Operation not permitted" : undefined;
  assert.throws(() => bench.profile({ mark: 3 }), {
    message: "Cannot set mark 3 on the ipv4 ICMP socket: EPERM",
    errno: "EPERM",
  });
  assert.equal(bench.rawSocket.open.length, 1);
});

test("openProfile() refuses a source that is not this machine's: the kernel would send it", () => {
  const bench = new RawSocketBench("ipv6");
  assert.throws(() => bench.profile({ source: "2001:db8::66" }), {
    message: "Cannot set source address 2001:db8::66 on the ipv6 ICMP socket: EADDRNOTAVAIL",
  });
});

test("openProfile() shares a socket among equal profiles, and has a limit", () => {
  const bench = new RawSocketBench("ipv4");
  for (let hopLimit = 1; hopLimit <= 64; hopLimit += 1) {
    assert.equal(bench.profile({ hopLimit }), hopLimit - 1);
  }
  assert.equal(bench.profile({ hopLimit: 5 }), 4);
  assert.throws(() => bench.profile({ hopLimit: 65 }), /at most 64 different sets/);
});
