import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { ip } from "./own-network.ts";

/** The router's side of the cable, where its errors come from. */
export const ROUTER = { ipv4: "10.77.0.2", ipv6: "2001:db8:77::2" } as const;

/** Addresses behind the router, and what it says of them. */
export const BEHIND_ROUTER = {
  net_unreachable: { ipv4: "198.51.100.1", ipv6: "2001:db8:66:1::1" },
  host_unreachable: { ipv4: "198.51.100.65", ipv6: "2001:db8:66:2::1" },
  prohibited: { ipv4: "198.51.100.129", ipv6: "2001:db8:66:3::1" },
  /** One that it would forward, to itself: with a hop limit of 1 it does not. */
  ttl_exceeded: { ipv4: "198.51.100.193", ipv6: "2001:db8:66:4::1" },
} as const;

/** Our own addresses on the cable: a router has only five errors of its routing table at once for each of them. */
export const NEAR = {
  ipv4: ["10.77.0.1", "10.77.0.3"],
  ipv6: ["2001:db8:77::1", "2001:db8:77::3"],
} as const;
const NEAR_NETWORKS = [
  ...NEAR.ipv4.map((address) => `${address}/24`),
  ...NEAR.ipv6.map((address) => `${address}/64`),
];
const FAR = ["10.77.0.2/24", "2001:db8:77::2/64"];
/** Everything that would keep an error back. */
const SETTINGS = [
  "1 net/ipv4/ip_forward",
  "1 net/ipv6/conf/all/forwarding",
  "0 net/ipv4/icmp_ratemask",
  // Types that are limited: one that is not in use.
  "0 net/ipv6/icmp/ratemask",
];
const ROUTES = [
  "-4 route add unreachable 198.51.100.64/26",
  "-4 route add prohibit 198.51.100.128/26",
  "-4 route add 198.51.100.192/26 dev far0",
  // An unreachable route gives "no route" in IPv6.
  "-6 route add 2001:db8:66:2::/64 dev far0",
  "-6 route add prohibit 2001:db8:66:3::/64",
  "-6 route add 2001:db8:66:4::/64 dev far0",
];

export type Router = {
  /** What went wrong; undefined when all went well. */
  readonly problem: string | undefined;
  readonly close: () => void;
};

/**
 * Puts a router next to the network that this thread is in: a second network namespace on a veth pair, which
 * answers with ICMP errors for whatever is behind it.
 */
export async function addRouter(): Promise<Router> {
  const script = [
    "set -e",
    ...SETTINGS.map((setting) => `echo ${setting.replace(" ", " > /proc/sys/")}`),
    "ip link set lo up",
    // The pair is made from outside once this is said.
    "echo ready; read made",
    ...FAR.map((address) => `ip addr add ${address} dev far0 nodad`),
    "ip link set far0 up",
    // It soon gives up looking for a host that is not there.
    "echo 20 > /proc/sys/net/ipv6/neigh/far0/retrans_time_ms",
    ...ROUTES.map((route) => `ip ${route}`),
    "echo running; cat > /dev/null",
  ].join("\n");
  const router = spawn("unshare", ["--net", "sh", "-c", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const close = (): void => {
    // The end of its input ends it, and the last process of a namespace takes the cable along.
    router.stdin.end();
  };
  const lines = createInterface(router.stdout)[Symbol.asyncIterator]();
  if ((await lines.next()).value !== "ready") return { problem: "the router did not start", close };
  const problem =
    ip(`link add near0 type veth peer name far0 netns ${router.pid}`) ??
    NEAR_NETWORKS.map((address) => ip(`addr add ${address} dev near0 nodad`)).find(isText) ??
    ip("link set near0 up");
  if (problem !== undefined) return { problem, close };
  router.stdin.write("made\n");
  if ((await lines.next()).value !== "running") return { problem: "the router gave up", close };
  return {
    problem:
      ip(`-4 route add 198.51.100.0/24 via ${ROUTER.ipv4}`) ??
      ip(`-6 route add 2001:db8:66::/48 via ${ROUTER.ipv6}`),
    close,
  };
}

function isText(said: string | undefined): said is string {
  return said !== undefined;
}
