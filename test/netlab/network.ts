import { spawnSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync } from "node:fs";
import type { Kernel } from "./kernel.ts";

/** The machine under test has these addresses; all others are behind the device. */
export const OWN_ADDRESSES = { ipv4: "10.99.0.1", ipv6: "fd99::1" } as const;
/** The device that every lab has. */
export const DEVICE = "lab0";
/** Packets the kernel holds for the lab: a burst of ten thousand echoes must not be the lab's loss. */
const DEVICE_QUEUE_PACKETS = 10_000;
/** Of the default routes over an added device: the first device stays the way to everywhere. */
const ADDED_METRIC = 5000;
const SETUP_LIMIT_SECONDS = 10;

/** Moves this thread into a fresh network, which lives as long as anything inside it. */
export function enterNetwork(kernel: Kernel): void {
  kernel.enterNewNetwork();
  ip("link set dev lo up");
}

/**
 * Opens a device whose far end is the returned descriptor, and lives as long as that.
 *
 * @param options.addresses The machine's own on it; a link-local one brings the route of its link.
 * @throws when the kernel refuses.
 */
export function openDevice(
  kernel: Kernel,
  options: {
    readonly name: string;
    readonly mtuBytes: number;
    readonly addresses: readonly string[];
  },
): number {
  const { name } = options;
  const descriptor = openSync("/dev/net/tun", constants.O_RDWR | constants.O_NONBLOCK);
  try {
    kernel.makeTun(descriptor, name);
    // Without a link-local address the kernel sends no router solicitations into the record.
    ip(`link set dev ${name} addrgenmode none`);
    ip(`link set dev ${name} mtu ${options.mtuBytes} txqueuelen ${DEVICE_QUEUE_PACKETS} up`);
    connect(name, options.addresses);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return descriptor;
}

/**
 * Gives a device its addresses and routes. Again after it was down, which takes them away; what is
 * there is left.
 */
export function connect(name: string, addresses: readonly string[]): void {
  for (const address of addresses) {
    const isIpv4 = !address.includes(":");
    const isLinkLocal = address.startsWith("fe80:");
    const length = isIpv4 ? 32 : isLinkLocal ? 64 : 128;
    ip(`address replace ${address}/${length} dev ${name}${isIpv4 ? "" : " nodad"}`);
    if (isLinkLocal) continue;
    const metric = name === DEVICE ? "" : ` metric ${ADDED_METRIC}`;
    const family = isIpv4 ? "" : "-6 ";
    ip(`${family}route replace default dev ${name} src ${address}${metric}`);
  }
}

/** Runs `ip` in the network of the calling thread. @throws with what it complained of. */
export function ip(command: string): void {
  runOrThrow("ip", command.split(" "));
}

/** Likewise `tc`. */
export function tc(command: string): string {
  return runOrThrow("tc", command.split(" "));
}

/** Likewise `nft`, with one ruleset. */
export function nft(ruleset: string): string {
  return runOrThrow("nft", [ruleset]);
}

function runOrThrow(program: string, words: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    encoding: "utf8",
    timeout: SETUP_LIMIT_SECONDS * 1000,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`"${program} ${words.join(" ")}" failed: ${stderr.trim()}`);
  return stdout;
}

/** Packets a device has dropped in either direction, by the kernel's own count. */
export function deviceDrops(name: string): number {
  const line = readFileSync("/proc/self/net/dev", "utf8")
    .split("\n")
    .find((text) => text.trim().startsWith(`${name}:`));
  if (line === undefined) throw new Error(`the device ${name} is gone: was the lab closed?`);
  // Eight columns of what the kernel received, then eight of what it sent; the fourth is "drop".
  const columns = line
    .slice(line.indexOf(":") + 1)
    .trim()
    .split(/\s+/)
    .map(Number);
  return (columns[3] ?? 0) + (columns[11] ?? 0);
}
