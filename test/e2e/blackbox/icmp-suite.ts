import { SILENT_V4, SILENT_V6 } from "./network.ts";
import type { ParityCase, ParitySuite } from "./parity-case.ts";

function icmp(
  options: Readonly<Record<string, unknown>> = {},
  timeout = "5s",
): Readonly<Record<string, unknown>> {
  return { prober: "icmp", timeout, icmp: options };
}

const ECHO = icmp();
const SHORT = icmp({}, "1s");

const TARGETS: readonly ParityCase[] = (
  [
    ["127.0.0.1", true],
    ["::1", true],
    ["localhost", true],
    ["dual.parity.test", true],
    ["served.parity.test", true],
    ["unknown.parity.test", false],
    ["broken.parity.test", false],
    ["127.1", false],
    ["2130706433", false],
    ["::ffff:127.0.0.1", true],
    ["[::1]", false],
    ["127.0.0.1:80", false],
    ["http://127.0.0.1/", false],
    ["not a name", false],
    ["198.51.100.1", false],
    ["2001:db8::1", false],
  ] as const
).map(([target, succeeds]) => ({ name: `an echo to ${target}`, module: ECHO, target, succeeds }));

const FAMILIES: readonly ParityCase[] = (
  [
    ["dual.parity.test", "ip4", true, true],
    ["dual.parity.test", "ip4", false, true],
    ["dual.parity.test", "ip6", false, true],
    ["four.parity.test", "ip6", true, true],
    ["four.parity.test", "ip6", false, false],
    ["six.parity.test", "ip4", false, false],
    ["127.0.0.1", "ip6", false, false],
    ["::1", "ip4", false, false],
    ["127.0.0.1", "ip4", false, true],
  ] as const
).map(([target, preferred, isFallback, succeeds]) => ({
  name: `an echo to ${target} preferring ${preferred}, ${isFallback ? "with" : "without"} fallback`,
  module: icmp({ preferred_ip_protocol: preferred, ip_protocol_fallback: isFallback }),
  target,
  succeeds,
}));

const OPTIONS: readonly ParityCase[] = [
  {
    name: "an echo with a payload",
    module: icmp({ payload_size: 1_000 }),
    target: "127.0.0.1",
    succeeds: true,
  },
  {
    name: "an echo that must not be cut up",
    module: icmp({ dont_fragment: true }),
    target: "127.0.0.1",
    succeeds: true,
  },
  {
    name: "an echo with a hop limit",
    module: icmp({ ttl: 5 }),
    target: "127.0.0.1",
    succeeds: true,
  },
  {
    name: "an echo with a hop limit over IPv6",
    module: icmp({ ttl: 5 }),
    target: "::1",
    succeeds: true,
  },
  {
    name: "an echo with a source",
    module: icmp({ source_ip_address: "127.0.0.2" }),
    target: "127.0.0.1",
    succeeds: true,
  },
  {
    name: "an echo with a source that is not ours",
    module: icmp({ source_ip_address: "198.51.100.7" }, "1s"),
    target: "127.0.0.1",
    succeeds: false,
  },
  { name: "an echo to a silent host", module: SHORT, target: SILENT_V4, succeeds: false },
  { name: "an echo to a silent host, IPv6", module: SHORT, target: SILENT_V6, succeeds: false },
];

export const ICMP_SUITE: ParitySuite = {
  name: "icmp",
  cases: [...TARGETS, ...FAMILIES, ...OPTIONS],
  open: async () => async () => {},
};
