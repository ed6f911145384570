import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type PingHeard,
  type PingReport,
  readPingOutput,
} from "../../../../src/icmp/transport/ping/ping-output.ts";
import { pingFixtures } from "./ping-fixtures.ts";

const fixtures = pingFixtures();

const answered = (rttSeconds: number | undefined, isTimeMadeUp = false): PingHeard => ({
  kind: "answered",
  rttSeconds,
  hopLimit: 64,
  isTimeMadeUp,
});
const heard = (one: PingHeard): PingReport => ({ heard: [one], unsent: undefined });
const explained = (
  reason: Extract<PingHeard, { kind: "explained" }>["reason"],
  reporter: string,
): PingReport => heard({ kind: "explained", reason, reporter });
const unsent = (errno: string): PingReport => ({ heard: [], unsent: errno });
const SILENCE: PingReport = { heard: [], unsent: undefined };

const V4 = "192.0.2.1";
const V6 = "2001:db8::1";

/** What each recorded output says. */
const WANTED: Readonly<Record<string, PingReport>> = {
  "iputils-ipv4-answered": heard(answered(0.000_026)),
  "iputils-ipv6-answered": heard(answered(0.000_034)),
  "busybox-ipv4-answered": heard(answered(0.000_054)),
  "busybox-ipv6-answered": heard(answered(0.000_06)),
  "iputils-ipv4-ping-socket": heard(answered(0.000_021)),
  "iputils-ipv6-link-local": heard(answered(0.000_062)),
  "busybox-ipv6-link-local": heard(answered(0.000_104)),
  "iputils-ipv4-without-time": heard(answered(undefined)),
  "iputils-ipv6-without-time": heard(answered(undefined)),
  "busybox-ipv4-without-time": heard(answered(undefined)),
  "busybox-ipv6-without-time": heard(answered(undefined)),
  "iputils-ipv4-silence": SILENCE,
  "iputils-ipv6-silence": SILENCE,
  "busybox-ipv4-silence": SILENCE,
  "busybox-ipv6-silence": SILENCE,
  "iputils-ipv4-damaged": heard({ kind: "corrupted" }),
  // BusyBox compares nothing.
  "busybox-ipv4-damaged": heard(answered(0.000_037)),
  "iputils-ipv4-damaged-stamp": heard(answered(363_583_225)),
  "iputils-ipv4-damaged-stamp-future": heard(answered(0, true)),
  "busybox-ipv4-damaged-stamp": heard(answered(3504.930_017)),
  "busybox-ipv4-damaged-stamp-future": heard(answered(2789.151_321)),
  "iputils-ipv4-reject-net-unreachable": explained("net_unreachable", V4),
  "iputils-ipv4-reject-host-unreachable": explained("host_unreachable", V4),
  "iputils-ipv4-reject-prot-unreachable": explained("protocol_unreachable", V4),
  "iputils-ipv4-reject-port-unreachable": explained("port_unreachable", V4),
  "iputils-ipv4-reject-net-prohibited": explained("prohibited", V4),
  "iputils-ipv4-reject-host-prohibited": explained("prohibited", V4),
  "iputils-ipv4-reject-admin-prohibited": explained("prohibited", V4),
  "iputils-ipv6-reject-no-route": explained("net_unreachable", V6),
  "iputils-ipv6-reject-admin-prohibited": explained("prohibited", V6),
  "iputils-ipv6-reject-addr-unreachable": explained("host_unreachable", V6),
  "iputils-ipv6-reject-port-unreachable": explained("port_unreachable", V6),
  "iputils-ipv6-reject-policy-fail": explained("prohibited", V6),
  "iputils-ipv6-reject-reject-route": explained("prohibited", V6),
  "iputils-ipv4-hop-limit": explained("ttl_exceeded", "10.77.0.2"),
  "iputils-ipv6-hop-limit": explained("ttl_exceeded", "2001:db8:77::2"),
  "iputils-ipv4-too-big": explained("packet_too_big", "10.77.0.2"),
  "iputils-ipv6-too-big": explained("packet_too_big", "2001:db8:77::2"),
  "iputils-ipv4-no-neighbour": explained("host_unreachable", "10.77.0.1"),
  "iputils-ipv6-no-neighbour": explained("host_unreachable", "2001:db8:77::1"),
  // BusyBox hears no ICMP errors.
  "busybox-ipv4-reject": SILENCE,
  "busybox-ipv6-reject": SILENCE,
  "iputils-ipv4-no-route": unsent("ENETUNREACH"),
  "iputils-ipv6-no-route": unsent("ENETUNREACH"),
  "busybox-ipv4-no-route": unsent("ENETUNREACH"),
  "busybox-ipv6-no-route": unsent("ENETUNREACH"),
  // This version keeps to itself that the kernel refused.
  "iputils-ipv4-refused-by-firewall": SILENCE,
  "iputils-ipv6-refused-by-firewall": SILENCE,
  "busybox-ipv4-refused-by-firewall": unsent("EPERM"),
  "busybox-ipv6-refused-by-firewall": unsent("EPERM"),
  "iputils-ipv4-longer-than-link": unsent("EMSGSIZE"),
  "iputils-ipv6-longer-than-link": unsent("EMSGSIZE"),
  "iputils-ipv4-no-such-interface": unsent("ENODEV"),
  "iputils-ipv6-no-such-interface": unsent("ENODEV"),
  "busybox-ipv4-no-such-interface": unsent("ENODEV"),
  "busybox-ipv6-no-such-interface": unsent("ENODEV"),
  "iputils-ipv4-no-such-source": unsent("EADDRNOTAVAIL"),
  "iputils-ipv6-no-such-source": unsent("EADDRNOTAVAIL"),
  "busybox-ipv4-no-such-source": unsent("EADDRNOTAVAIL"),
  "busybox-ipv6-no-such-source": unsent("EADDRNOTAVAIL"),
  "iputils-ipv4-no-privilege": unsent("EPERM"),
  "iputils-ipv6-no-privilege": unsent("EPERM"),
  "busybox-ipv4-no-privilege": unsent("EPERM"),
  "busybox-ipv6-no-privilege": unsent("EPERM"),
  // It sends without the mark, and gets an answer.
  "iputils-ipv4-mark-refused": unsent("EPERM"),
};

test("every recorded output has its meaning in the table", () => {
  assert.deepEqual(fixtures.map(({ name }) => name).sort(), Object.keys(WANTED).sort());
});

for (const { name, asked, output } of fixtures) {
  test(`readPingOutput() of ${name}`, () => {
    assert.deepEqual(readPingOutput(asked, output), WANTED[name]);
  });

  test(`readPingOutput() of ${name}: nobody else's target is answered by it`, () => {
    const target = asked.family === "ipv4" ? "192.0.2.200" : "2001:db8::200";
    const { heard: others } = readPingOutput({ ...asked, target }, output);
    assert.ok(others.every(({ kind }) => kind === "foreign" || kind === "explained"));
  });

  test(`readPingOutput() of ${name}: what is known grows at its end`, () => {
    const all = readPingOutput(asked, output).heard;
    for (let cut = 0; cut < output.stdout.length; cut += 1) {
      const stdout = output.stdout.slice(0, cut);
      const part = readPingOutput(asked, { ...output, stdout, end: undefined }).heard;
      // The program writes the sign of damage together with the reply.
      const isBetween = all[part.length - 1]?.kind === "corrupted";
      if (!isBetween) assert.deepEqual(part, all.slice(0, part.length));
    }
  });
}
