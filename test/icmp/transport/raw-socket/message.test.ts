import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { internetChecksum } from "../../../../src/icmp/packet.ts";
import { readMessage } from "../../../../src/icmp/transport/raw-socket/message.ts";

const FIRST = 0x4560;

const word = (value: number): number[] => [value >>> 8, value & 0xff];
const echo = (type: number, identifier: number, sequence: number): number[] => [
  ...word(type << 8),
  ...word(0),
  ...word(identifier),
  ...word(sequence),
];

/** @param options.words Length of the header in words of 32 bits. */
function ipv4(
  payload: readonly number[],
  options: { words?: number; protocol?: number; fragment?: number } = {},
): number[] {
  const { words = 5, protocol = 1, fragment = 0 } = options;
  const header = Array.from({ length: words * 4 }, () => 0);
  header.splice(0, 10, 0x40 | words, 0, 0, 0, 0, 0, ...word(fragment), 61, protocol);
  header.splice(12, 8, 192, 0, 2, 1, 192, 0, 2, 2);
  return [...header, ...payload];
}

function ipv6(payload: readonly number[], next = 58): number[] {
  const target = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
  return [0x60, 0, 0, 0, 0, 0, next, 61, ...target.with(15, 1), ...target, ...payload];
}

/** An ICMP error of IPv4, its checksum right. */
function error4(type: number, code: number, quoted: readonly number[]): number[] {
  const message = [type, code, 0, 0, 0, 0, 0, 0, ...quoted];
  message.splice(2, 2, ...word(internetChecksum(Uint8Array.from(message))));
  return ipv4(message);
}
const error6 = (type: number, code: number, quoted: readonly number[]): number[] => [
  type,
  code,
  ...word(0),
  ...word(0),
  ...word(0),
  ...quoted,
];

const ours = echo(8, FIRST + 1, 7);
const ours6 = echo(128, FIRST + 1, 7);
const slot = 0x1_0007;
const hopLimit6 = Number.NaN;

const cases = [
  {
    name: "a reply",
    family: "ipv4",
    packet: ipv4(echo(0, FIRST + 1, 7)),
    want: { kind: "reply", message: 20, slot, hopLimit: 61 },
  },
  {
    name: "a reply behind IP options",
    family: "ipv4",
    packet: ipv4(echo(0, FIRST + 15, 0xffff), { words: 15 }),
    want: { kind: "reply", message: 60, slot: 0xf_ffff, hopLimit: 61 },
  },
  {
    name: "an IPv6 reply",
    family: "ipv6",
    packet: echo(129, FIRST, 0),
    want: { kind: "reply", message: 0, slot: 0, hopLimit: hopLimit6 },
  },
  {
    name: "another process' reply, one above ours",
    family: "ipv4",
    packet: ipv4(echo(0, FIRST + 16, 7)),
    want: { kind: "other" },
  },
  {
    name: "another process' reply, one below ours",
    family: "ipv6",
    packet: echo(129, FIRST - 1, 7),
    want: { kind: "other" },
  },
  { name: "a request of ours", family: "ipv4", packet: ipv4(ours), want: { kind: "other" } },
  { name: "a request of ours", family: "ipv6", packet: ours6, want: { kind: "other" } },
  {
    name: "a reply cut in its header",
    family: "ipv4",
    packet: ipv4(echo(0, FIRST, 7)).slice(0, 27),
    want: { kind: "other" },
  },
  {
    name: "port unreachable",
    family: "ipv4",
    packet: error4(3, 3, ipv4(ours)),
    want: { kind: "error", slot, reason: "port_unreachable", target: 44 },
  },
  {
    name: "time exceeded about a packet with IP options",
    family: "ipv4",
    packet: error4(11, 0, ipv4(ours, { words: 8 })),
    want: { kind: "error", slot, reason: "ttl_exceeded", target: 44 },
  },
  {
    name: "an error damaged on its way",
    family: "ipv4",
    packet: error4(3, 3, ipv4(ours)).with(23, 1),
    want: { kind: "malformed" },
  },
  {
    name: "a damaged error about another's echo",
    family: "ipv4",
    packet: error4(3, 3, ipv4(echo(8, 1, 7))).with(23, 1),
    want: { kind: "other" },
  },
  {
    name: "an error about a later fragment",
    family: "ipv4",
    packet: error4(3, 3, ipv4(ours, { fragment: 1 })),
    want: { kind: "other" },
  },
  {
    name: "an error about a UDP packet that looks alike",
    family: "ipv4",
    packet: error4(3, 3, ipv4(ours, { protocol: 17 })),
    want: { kind: "other" },
  },
  {
    name: "an error about a reply",
    family: "ipv4",
    packet: error4(3, 3, ipv4(echo(0, FIRST, 7))),
    want: { kind: "other" },
  },
  {
    name: "an error that says nothing of a loss (redirect)",
    family: "ipv4",
    packet: error4(5, 1, ipv4(ours)),
    want: { kind: "other" },
  },
  {
    name: "an error cut before the identifier",
    family: "ipv4",
    packet: error4(3, 3, ipv4(ours).slice(0, 24)),
    want: { kind: "other" },
  },
  {
    name: "prohibited",
    family: "ipv6",
    packet: error6(1, 1, ipv6(ours6)),
    want: { kind: "error", slot, reason: "prohibited", target: 32 },
  },
  {
    name: "packet too big about a first fragment",
    family: "ipv6",
    packet: error6(2, 0, ipv6([58, 0, 0, 1, 0, 0, 0, 9, ...ours6], 44)),
    want: { kind: "error", slot, reason: "packet_too_big", target: 32 },
  },
  {
    name: "packet too big about a later fragment",
    family: "ipv6",
    packet: error6(2, 0, ipv6([58, 0, 0, 9, 0, 0, 0, 9, ...ours6], 44)),
    want: { kind: "other" },
  },
  {
    name: "an error about a TCP packet",
    family: "ipv6",
    packet: error6(1, 4, ipv6(ours6, 6)),
    want: { kind: "other" },
  },
] as const;

for (const { name, family, packet, want } of cases) {
  test(`readMessage() of ${family}: ${name}`, () => {
    assert.deepEqual(readMessage(family, FIRST, Uint8Array.from(packet)), want);
  });
}

const families = fc.constantFrom("ipv4" as const, "ipv6" as const);

test("readMessage() takes any bytes, and what it points at is there", () => {
  const bytes = fc.uint8Array({ maxLength: 128 });
  fc.assert(
    fc.property(families, bytes, (family, packet) => {
      const found = readMessage(family, FIRST, packet);
      if (found.kind === "reply") assert.ok(found.message + 8 <= packet.length);
      if (found.kind === "error") assert.ok(found.target + 4 <= packet.length);
    }),
  );
});

test("readMessage() takes true packets with any byte changed and cut anywhere", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...cases),
      fc.nat(),
      fc.integer({ min: 0, max: 255 }),
      fc.nat(),
      ({ family, packet }, at, value, cut) => {
        const changed = Uint8Array.from(packet);
        changed[at % changed.length] = value;
        const shorter = changed.subarray(0, cut % (changed.length + 1));
        const found = readMessage(family, FIRST, shorter);
        if (found.kind === "reply") {
          assert.ok(found.message + 8 <= shorter.length);
          assert.ok(found.slot >= 0 && found.slot < 16 * 0x1_0000);
        }
        if (found.kind === "error") {
          assert.ok(found.target + (family === "ipv6" ? 16 : 4) <= shorter.length);
          assert.ok(found.slot >= 0 && found.slot < 16 * 0x1_0000);
        }
      },
    ),
    { numRuns: 2000 },
  );
});
