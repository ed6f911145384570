import assert from "node:assert/strict";
import { test } from "node:test";
import type { SocketProfile } from "../../../../src/icmp/echo.ts";
import { pingArguments, profileFlags } from "../../../../src/icmp/transport/ping/ping-command.ts";
import type { PingKind } from "../../../../src/icmp/transport/ping/ping-program.ts";
import { IcmpSocketError } from "../../../../src/icmp/transport.ts";

const PLAIN: SocketProfile = {
  family: "ipv4",
  source: undefined,
  interface: undefined,
  mark: 0,
  dscp: 0,
  hopLimit: 64,
  isFragmentingForbidden: false,
};
const PLAIN_V6: SocketProfile = { ...PLAIN, family: "ipv6" };

const flagCases: readonly {
  readonly name: string;
  readonly kind: PingKind;
  readonly profile: SocketProfile;
  readonly want: string;
}[] = [
  { name: "iputils, nothing special", kind: "iputils", profile: PLAIN, want: "-4 -t 64 -M dont" },
  { name: "iputils, IPv6", kind: "iputils", profile: PLAIN_V6, want: "-6 -t 64" },
  {
    name: "iputils, everything",
    kind: "iputils",
    profile: {
      ...PLAIN,
      source: "192.0.2.7",
      interface: "eth0.7",
      mark: 4_294_967_295,
      dscp: 46,
      hopLimit: 1,
      isFragmentingForbidden: true,
    },
    want: "-4 -t 1 -I eth0.7 -I 192.0.2.7 -m 4294967295 -Q 184 -M do",
  },
  {
    name: "iputils, IPv6 with source and interface",
    kind: "iputils",
    profile: { ...PLAIN_V6, source: "2001:db8::7", interface: "eth0", dscp: 63 },
    want: "-6 -t 64 -I eth0 -I 2001:db8::7 -Q 252",
  },
  { name: "BusyBox, nothing special", kind: "busybox", profile: PLAIN, want: "-4 -t 64" },
  {
    name: "BusyBox, a source",
    kind: "busybox",
    profile: { ...PLAIN_V6, source: "2001:db8::7" },
    want: "-6 -t 64 -I 2001:db8::7",
  },
  {
    name: "BusyBox, an interface",
    kind: "busybox",
    profile: { ...PLAIN, interface: "eth0", hopLimit: 255 },
    want: "-4 -t 255 -I eth0",
  },
];

for (const { name, kind, profile, want } of flagCases) {
  test(`profileFlags() of ${name}`, () => {
    assert.equal(profileFlags(kind, profile).join(" "), want);
  });
}

const refusals: readonly {
  readonly kind: PingKind;
  readonly changed: Partial<SocketProfile>;
  readonly errno: string;
  readonly message: string;
}[] = [
  {
    kind: "busybox",
    changed: { dscp: 46 },
    errno: "EOPNOTSUPP",
    message: "Cannot send ipv4 echoes with dscp 46: the ping of BusyBox has no flag for it",
  },
  {
    kind: "busybox",
    changed: { family: "ipv6", hopLimit: 33 },
    errno: "EOPNOTSUPP",
    message: "Cannot send ipv6 echoes with hop limit 33: the ping of BusyBox has no flag for it",
  },
  {
    kind: "busybox",
    changed: { mark: 7 },
    errno: "EOPNOTSUPP",
    message: "Cannot send ipv4 echoes with mark 7: the ping of BusyBox has no flag for it",
  },
  {
    kind: "busybox",
    changed: { isFragmentingForbidden: true },
    errno: "EOPNOTSUPP",
    message: "Cannot send ipv4 echoes with dont_fragment: the ping of BusyBox has no flag for it",
  },
  {
    kind: "busybox",
    changed: { source: "192.0.2.7", interface: "eth0" },
    errno: "EOPNOTSUPP",
    message:
      "Cannot send ipv4 echoes with source address 192.0.2.7 and interface eth0: the ping of BusyBox takes one of both",
  },
  {
    kind: "busybox",
    changed: { source: "2001:db8::7" },
    errno: "EINVAL",
    message: "Cannot send ipv4 echoes with source address 2001:db8::7: it is no ipv4 address",
  },
  {
    kind: "iputils",
    changed: { source: "-f" },
    errno: "EINVAL",
    message: "Cannot send ipv4 echoes with source address -f: it is no ipv4 address",
  },
  {
    kind: "iputils",
    changed: { interface: "192.0.2.7" },
    errno: "ENODEV",
    message: "Cannot send ipv4 echoes with interface 192.0.2.7: no interface can have this name",
  },
  {
    kind: "iputils",
    changed: { interface: "a:b" },
    errno: "ENODEV",
    message: "Cannot send ipv4 echoes with interface a:b: no interface can have this name",
  },
];

for (const { kind, changed, errno, message } of refusals) {
  test(`profileFlags() of ${kind} refuses ${JSON.stringify(changed)}`, () => {
    assert.throws(
      () => profileFlags(kind, { ...PLAIN, ...changed }),
      (error) => {
        assert.ok(error instanceof IcmpSocketError);
        assert.equal(error.errno, errno);
        assert.equal(error.message, message);
        return true;
      },
    );
  });
}

const timeouts = [
  { timeoutSeconds: 0.001, want: "2" },
  { timeoutSeconds: 1, want: "2" },
  { timeoutSeconds: 1.5, want: "3" },
  { timeoutSeconds: 5, want: "6" },
  { timeoutSeconds: 86_400, want: "2147" },
] as const;

for (const { timeoutSeconds, want } of timeouts) {
  test(`pingArguments() with a timeout of ${timeoutSeconds} s lets the program listen for ${want}`, () => {
    assert.deepEqual(pingArguments(["-6"], "fe80::1%eth0", 0, timeoutSeconds), [
      "-n",
      "-c",
      "1",
      "-W",
      want,
      "-s",
      "0",
      "-6",
      "--",
      "fe80::1%eth0",
    ]);
  });
}

for (const target of [
  "",
  "-f",
  "--",
  "example.net",
  "192.0.2.1 -f",
  "192.0.2.1\n",
  "fe80::1%a b",
  "fe80::1%eth0%-f",
  "%-f",
  "127.1",
]) {
  test(`pingArguments() refuses the target ${JSON.stringify(target)}`, () => {
    assert.throws(() => pingArguments([], target, 56, 1), /^Error: Cannot ping /);
  });
}
