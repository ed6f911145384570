import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bytesOfAddress,
  checksum,
  type EchoRequest,
  icmpPacket,
  parseEchoRequest,
} from "./packet.ts";
import { corruptReply, errorAbout, forgedReply, rightReply, truncatedReply } from "./reply.ts";

const FAMILIES = [
  { name: "IPv4", own: "10.99.0.1", host: "10.77.0.1", router: "10.98.0.1", echoType: 8 },
  { name: "IPv6", own: "fd99::1", host: "fd77::1", router: "fd98::1", echoType: 128 },
] as const;

function requestOf(family: (typeof FAMILIES)[number], payload: readonly number[]): EchoRequest {
  const envelope = {
    source: bytesOfAddress(family.own),
    destination: bytesOfAddress(family.host),
    hopLimit: 61,
    trafficClass: 0xb8,
  };
  const message = [family.echoType, 0, 0, 0, 0x12, 0x34, 0xff, 0xfe, ...payload];
  const request = parseEchoRequest(icmpPacket(envelope, Uint8Array.from(message)));
  assert.ok(request !== undefined);
  return request;
}

/** Bytes behind the IP header. */
const messageOf = (packet: Uint8Array): Uint8Array => packet.subarray(packet[0] === 0x45 ? 20 : 40);

/** What the kernel computes before it lets a packet in. */
function isChecksumRight(packet: Uint8Array): boolean {
  const message = messageOf(packet);
  if (packet[0] === 0x45) return checksum([packet.subarray(0, 20)]) + checksum([message]) === 0;
  const tail = [0, 0, message.length >> 8, message.length & 0xff, 0, 0, 0, 58];
  return checksum([packet.subarray(8, 40), Uint8Array.from(tail), message]) === 0;
}

test("checksum() of the worked example of RFC 1071 section 3", () => {
  const bytes = Uint8Array.from([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
  assert.equal(checksum([bytes]), 0x220d);
});

for (const family of FAMILIES) {
  const request = requestOf(family, [1, 2, 3]);

  test(`parseEchoRequest() reads every field of an ${family.name} echo`, () => {
    assert.deepEqual([...request.source], [...bytesOfAddress(family.own)]);
    assert.deepEqual([...request.destination], [...bytesOfAddress(family.host)]);
    assert.deepEqual(
      [request.identifier, request.sequence, request.hopLimit, request.trafficClass],
      [0x1234, 0xfffe, 61, 0xb8],
    );
    assert.deepEqual([...request.payload], [1, 2, 3]);
  });

  test(`parseEchoRequest() ignores any ${family.name} packet cut short or with one byte changed in its message`, () => {
    const { packet } = request;
    for (let bytes = 0; bytes < packet.length; bytes += 1) {
      assert.equal(parseEchoRequest(packet.subarray(0, bytes)), undefined, `${bytes} bytes`);
    }
    const start = packet.length - messageOf(packet).length;
    for (let at = start; at < packet.length; at += 1) {
      const changed = packet.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x40;
      assert.equal(parseEchoRequest(changed), undefined, `byte ${at}`);
    }
  });

  test(`rightReply() in ${family.name} turns the request round and keeps what it carried`, () => {
    const reply = rightReply(request, { hopLimit: 57 });
    assert.ok(isChecksumRight(reply));
    const message = messageOf(reply);
    assert.equal(message[0], family.name === "IPv4" ? 0 : 129);
    assert.deepEqual([...message.subarray(4)], [0x12, 0x34, 0xff, 0xfe, 1, 2, 3]);
    assert.equal(reply[family.name === "IPv4" ? 8 : 7], 57);
    const text = Buffer.from(reply).toString("hex");
    const addresses = [bytesOfAddress(family.host), bytesOfAddress(family.own)];
    assert.ok(text.includes(Buffer.concat(addresses).toString("hex")));
  });

  test(`corruptReply() in ${family.name} damages the payload under a right sum, or the sum alone`, () => {
    const payload = corruptReply(request, {}, "payload");
    assert.ok(isChecksumRight(payload));
    assert.deepEqual([...messageOf(payload).subarray(8)], [1, 2, 0xfc]);
    const sum = corruptReply(request, {}, "checksum");
    assert.ok(!isChecksumRight(sum));
    assert.deepEqual([...messageOf(sum).subarray(8)], [1, 2, 3]);
    const empty = corruptReply(requestOf(family, []), {}, "payload");
    assert.equal(messageOf(empty).length, 9);
    assert.ok(isChecksumRight(empty));
  });

  test(`truncatedReply() in ${family.name} may end anywhere`, () => {
    for (let bytes = 0; bytes <= 11; bytes += 1) {
      const packet = truncatedReply(request, {}, bytes);
      assert.equal(messageOf(packet).length, bytes);
      if (bytes >= 4) assert.ok(isChecksumRight(packet), `${bytes} bytes`);
    }
  });

  test(`forgedReply() in ${family.name} differs in what was asked and in nothing else`, () => {
    const forgery = { identifierOffset: 1, sequenceOffset: 3, invertedBytes: 3 };
    const packet = forgedReply(request, {}, { ...forgery, source: family.router });
    assert.ok(isChecksumRight(packet));
    assert.deepEqual(
      [...messageOf(packet).subarray(4)],
      [0x12, 0x35, 0x00, 0x01, 0xfe, 0xfd, 0xfc],
    );
    const source = Buffer.from(bytesOfAddress(family.router)).toString("hex");
    assert.ok(Buffer.from(packet).toString("hex").includes(source));
    assert.deepEqual(forgedReply(request, {}, {}), rightReply(request, {}));
  });

  test(`errorAbout() in ${family.name} quotes the request, no more than asked and allowed`, () => {
    const error = { says: "port_unreachable", from: family.router } as const;
    const whole = errorAbout(request, error);
    assert.ok(isChecksumRight(whole));
    assert.deepEqual([...messageOf(whole).subarray(8)], [...request.packet]);
    assert.equal(messageOf(errorAbout(request, { ...error, quotedBytes: 28 })).length, 36);
    const large = requestOf(
      family,
      Array.from({ length: 1400 }, () => 7),
    );
    assert.equal(errorAbout(large, error).length, family.name === "IPv4" ? 576 : 1280);
  });
}

test("errorAbout() says the next MTU where RFC 1191 and RFC 4443 put it", () => {
  const [ipv4, ipv6] = FAMILIES;
  const says = "packet_too_big" as const;
  const v4 = errorAbout(requestOf(ipv4, []), { says, from: ipv4.router, mtuBytes: 1400 });
  assert.deepEqual([...messageOf(v4).subarray(4, 8)], [0, 0, 0x05, 0x78]);
  const v6 = errorAbout(requestOf(ipv6, []), { says, from: ipv6.router, mtuBytes: 70_000 });
  assert.deepEqual([...messageOf(v6).subarray(4, 8)], [0, 1, 0x11, 0x70]);
});
