import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { test } from "node:test";
import fc from "fast-check";
import {
  addressText,
  readInterfaceName,
  rememberedInterfaceName,
} from "../../../src/icmp/transport/address-text.ts";
import { socketAddress } from "../../../src/icmp/transport/socket-address.ts";
import { ADDRESS_WORDS } from "../../../src/icmp/transport.ts";
import { familyOf, addressText as textOfBytes } from "../../../src/runtime/address.ts";
import { fakeClock } from "../../support/fake-clock.ts";

const NAMES: ReadonlyMap<number, string> = new Map([
  [2, "eth0"],
  [3, "wlan0"],
]);
const nameOf = (index: number): string | undefined => NAMES.get(index);
const libc = {
  interfaceIndex: (name: string): number =>
    [...NAMES].find(([, known]) => known === name)?.[0] ?? 0,
};

const cases = [
  { name: "IPv4", text: "192.0.2.7", want: "192.0.2.7" },
  { name: "IPv6", text: "2001:db8::1", want: "2001:db8::1" },
  { name: "IPv6 in a long form", text: "2001:DB8:0:0:0:0:0:1", want: "2001:db8::1" },
  { name: "a zone by name", text: "fe80::1%eth0", want: "fe80::1%eth0" },
  { name: "a zone by number", text: "fe80::1%3", want: "fe80::1%wlan0" },
  { name: "a zone without a name", text: "fe80::1%9", want: "fe80::1%9" },
] as const;

for (const { name, text, want } of cases) {
  test(`addressText() of ${name}`, () => {
    const words = new Uint32Array(3 * ADDRESS_WORDS).fill(0xffff_ffff);
    words.set(socketAddress(text, libc), ADDRESS_WORDS);
    assert.equal(addressText(familyOf(text) ?? "ipv4", words, ADDRESS_WORDS, nameOf), want);
  });
}

test("addressText() gives every address back as its canonical text", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  );
  fc.assert(
    fc.property(bytes, (address) => {
      const text = textOfBytes(address);
      const words = socketAddress(text, libc);
      assert.equal(addressText(familyOf(text) ?? "ipv4", words, 0, nameOf), text);
    }),
  );
});

test("readInterfaceName() names the interface of every link-local address of this machine", () => {
  for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
    for (const address of addresses) {
      if (address.family !== "IPv6" || address.scopeid === 0) continue;
      assert.equal(readInterfaceName(address.scopeid), name);
    }
  }
  assert.equal(readInterfaceName(0x7fff_ffff), undefined);
});

test("rememberedInterfaceName() sees a new name after ten seconds and not earlier", () => {
  const clock = fakeClock();
  const names = new Map([[2, "eth0"]]);
  const remembered = rememberedInterfaceName(clock, (index) => names.get(index));
  assert.equal(remembered(2), "eth0");
  assert.equal(remembered(7), undefined);
  names.set(2, "uplink");
  clock.advanceSeconds(9.9);
  assert.equal(remembered(2), "eth0");
  clock.advanceSeconds(0.1);
  assert.equal(remembered(2), "uplink");
});
