import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type AskedEcho,
  type PingHeard,
  readPingOutput,
} from "../../../../src/icmp/transport/ping/ping-output.ts";

const V4 = "192.0.2.1";
const V6 = "2001:db8::1";

const answered = (rttSeconds: number | undefined, { hopLimit = 64 } = {}): PingHeard => ({
  kind: "answered",
  rttSeconds,
  hopLimit,
  isTimeMadeUp: false,
});

const ASKED_V4: AskedEcho = { kind: "iputils", family: "ipv4", target: V4, payloadBytes: 56 };
const ASKED_V6: AskedEcho = { kind: "iputils", family: "ipv6", target: V6, payloadBytes: 56 };
const BUSYBOX: AskedEcho = { ...ASKED_V4, kind: "busybox" };
const BUSYBOX_V6: AskedEcho = { ...ASKED_V6, kind: "busybox" };

const lines: readonly {
  readonly name: string;
  readonly asked: AskedEcho;
  readonly line: string;
  readonly want: readonly PingHeard[];
}[] = [
  {
    name: "a time of tens of milliseconds",
    asked: ASKED_V4,
    line: "64 bytes from 192.0.2.1: icmp_seq=1 ttl=255 time=12.3 ms",
    want: [answered(0.0123, { hopLimit: 255 })],
  },
  {
    name: "a time of hundreds",
    asked: ASKED_V4,
    line: "64 bytes from 192.0.2.1: icmp_seq=1 ttl=1 time=123 ms",
    want: [answered(0.123, { hopLimit: 1 })],
  },
  {
    name: "a duplicate: the user knows that it is one",
    asked: ASKED_V4,
    line: "64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=0.058 ms (DUP!)",
    want: [answered(0.000_058)],
  },
  {
    name: "a hop limit that the kernel did not tell (IPv4)",
    asked: ASKED_V4,
    line: "64 bytes from 192.0.2.1: icmp_seq=1 ttl=0 time=1.00 ms",
    want: [answered(0.001, { hopLimit: Number.NaN })],
  },
  {
    name: "a hop limit that the kernel did not tell (IPv6)",
    asked: ASKED_V6,
    line: "64 bytes from 2001:db8::1: icmp_seq=1 time=1.00 ms",
    want: [answered(0.001, { hopLimit: Number.NaN })],
  },
  {
    name: "BusyBox without a hop limit",
    asked: BUSYBOX_V6,
    line: "64 bytes from 2001:db8::1: seq=0 ttl=-1 time=1.000 ms",
    want: [answered(0.001, { hopLimit: Number.NaN })],
  },
  {
    name: "a truncated reply",
    asked: ASKED_V4,
    line: "60 bytes from 192.0.2.1: icmp_seq=1 ttl=64 (truncated)",
    want: [{ kind: "corrupted" }],
  },
  {
    name: "a reply with more than was sent",
    asked: BUSYBOX,
    line: "72 bytes from 192.0.2.1: seq=0 ttl=64 time=1.000 ms",
    want: [{ kind: "corrupted" }],
  },
  {
    name: "a wrong checksum",
    asked: ASKED_V4,
    line: "64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=1.00 ms (BAD CHECKSUM!)",
    want: [{ kind: "corrupted" }],
  },
  {
    name: "a reply from another address",
    asked: ASKED_V4,
    line: "64 bytes from 192.0.2.9: icmp_seq=1 ttl=64 time=1.00 ms (DIFFERENT ADDRESS!)",
    want: [{ kind: "foreign" }],
  },
  {
    name: "a reply to another echo",
    asked: ASKED_V4,
    line: "64 bytes from 192.0.2.1: icmp_seq=2 ttl=64 time=1.00 ms",
    want: [{ kind: "foreign" }],
  },
  {
    name: "an address in another form",
    asked: { ...ASKED_V6, target: "2001:0db8:0:0::1" },
    line: "64 bytes from 2001:db8::1: icmp_seq=1 ttl=64 time=1.00 ms",
    want: [answered(0.001)],
  },
  ...[
    ["Destination unreachable: Source address failed ingress/egress policy", "prohibited"],
    ["Destination unreachable: Reject route to destination", "prohibited"],
    ["Destination unreachable: Beyond scope of source address", "net_unreachable"],
    ["Packet too big: mtu=1280, code=1", "packet_too_big"],
    ["Time exceeded: Defragmentation failure", "ttl_exceeded"],
    ["Parameter problem: Unknown header at 40", "protocol_unreachable"],
    ["Parameter problem: Unknown option at 40", undefined],
    ["Destination unreachable: Unknown code 77", undefined],
    ["Destination Host Unreachable", undefined],
  ].map(([words, reason]) => errorLine(ASKED_V6, "fe80::1%eth0", words, reason)),
  ...[
    ["Source Route Failed", "net_unreachable"],
    ["Destination Net Unknown", "net_unreachable"],
    ["Destination Host Unknown", "host_unreachable"],
    ["Source Host Isolated", "host_unreachable"],
    ["Destination Net Unreachable for Type of Service", "net_unreachable"],
    ["Destination Host Unreachable for Type of Service", "host_unreachable"],
    ["Precedence Violation", "prohibited"],
    ["Precedence Cutoff", "prohibited"],
    ["Dest Unreachable, Bad Code: 99", undefined],
    ["Frag reassembly time exceeded", "ttl_exceeded"],
    ["Parameter problem: pointer = 20", undefined],
    ["Source Quench", undefined],
    ["Redirect Host(New nexthop: 192.0.2.7)", undefined],
  ].map(([words, reason]) => errorLine(ASKED_V4, "192.0.2.7", words, reason)),
];

function errorLine(asked: AskedEcho, reporter: string, words = "", reason: string | undefined) {
  const want = reason === undefined ? [] : [{ kind: "explained", reason, reporter } as PingHeard];
  const name = `the ${asked.family} error "${words}"`;
  return { name, asked, line: `From ${reporter} icmp_seq=1 ${words}`, want };
}

for (const { name, asked, line, want } of lines) {
  test(`readPingOutput() of ${name}`, () => {
    const output = { stdout: `PING\n${line}\n`, stderr: "", end: undefined };
    assert.deepEqual(readPingOutput(asked, output).heard, want);
  });
}

const STATISTICS = "\n1 packets transmitted, 0 received, 100% packet loss, time 0ms\n";

const endings: readonly {
  readonly name: string;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly end?: Parameters<typeof readPingOutput>[1]["end"];
  readonly want: string | undefined;
}[] = [
  {
    name: "a refused send call of an older iputils, while the program waits on",
    stderr: "ping: sendmsg: Operation not permitted\n",
    want: "EPERM",
  },
  {
    name: "a refused send call in the words of musl",
    stderr: "ping: sendmsg: Network unreachable\n",
    want: "ENETUNREACH",
  },
  {
    name: "a warning that ends like an error",
    stderr: "ping: WARNING: failed to install socket filter: Operation not permitted\n",
    want: undefined,
  },
  {
    name: "half a line",
    stderr: "ping: sendmsg: Operation not perm",
    want: undefined,
  },
  {
    name: "words that nobody knows, with statistics",
    stdout: STATISTICS,
    stderr: "ping: sendmsg: the moon is full\n",
    end: { kind: "exited", code: 1 },
    want: undefined,
  },
  {
    name: "words that nobody knows, without statistics",
    stderr: "ping: the moon is full\n",
    end: { kind: "exited", code: 2 },
    want: "EPERM",
  },
  {
    name: "a prohibit route",
    stderr:
      "ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n",
    end: { kind: "exited", code: 2 },
    want: "EACCES",
  },
  {
    name: "a BusyBox without IPv6",
    stderr: "ping: bad address '2001:db8::1'\n",
    end: { kind: "exited", code: 1 },
    want: "EAFNOSUPPORT",
  },
  {
    name: "a BusyBox that was not bound to its interface",
    stdout: "64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=1.00 ms\n",
    stderr: "ping: can't bind to interface eth0: No such device\n",
    want: "ENODEV",
  },
  {
    name: "a send buffer that was full all the time",
    stdout: "\n0 packets transmitted, 0 received, time 0ms\n",
    end: { kind: "exited", code: 1 },
    want: "ENOBUFS",
  },
  {
    name: "a crash",
    end: { kind: "signalled", signal: "SIGSEGV" },
    want: "EINTR",
  },
  { name: "a program killed by us", end: { kind: "killed" }, want: undefined },
  {
    name: "a program that could not be started",
    end: { kind: "failed", code: "EAGAIN" },
    want: "EAGAIN",
  },
];

for (const { name, stdout = "", stderr = "", end, want } of endings) {
  test(`readPingOutput() of ${name}: ${want ?? "nothing is said of sending"}`, () => {
    assert.equal(readPingOutput(ASKED_V4, { stdout, stderr, end }).unsent, want);
  });
}

const askedEcho = fc.constantFrom(ASKED_V4, ASKED_V6, BUSYBOX, BUSYBOX_V6);
/** Text made of the words that the programs use, so that it comes near to what they say. */
const nearly = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "64",
        " bytes from ",
        V4,
        V6,
        "192.0.2.9",
        ": ",
        "icmp_seq=",
        "seq=",
        "0",
        "1",
        " ttl=64",
        " time=0.1",
        "00",
        " ms",
        " (DUP!)",
        "From ",
        " icmp_seq=1 ",
        "Packet filtered",
        "wrong data byte #1 should be 0x1 but was 0x2",
        "\n",
        "ping: ",
        "sendmsg: Operation not permitted",
      ),
      fc.string({ maxLength: 5 }),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(""));

test("readPingOutput() never throws, and answers by nothing but a whole line about the target", () => {
  fc.assert(
    fc.property(askedEcho, nearly, nearly, (asked, stdout, stderr) => {
      const report = readPingOutput(asked, { stdout, stderr, end: { kind: "exited", code: 0 } });
      const sequence = asked.kind === "iputils" ? "icmp_seq=1" : "seq=0";
      const start = `64 bytes from ${asked.target}: ${sequence}`;
      const whole = stdout.split("\n").slice(0, -1);
      const replies = whole.filter((line) => line.startsWith(start)).length;
      const answers = report.heard.filter(({ kind }) => kind === "answered").length;
      assert.ok(answers <= replies);
    }),
    { numRuns: 2000 },
  );
});
