import { spawnSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync } from "node:fs";
import type { Kernel } from "./kernel.ts";

/** The machine under test has these addresses; all others are behind the device. */
export const OWN_ADDRESSES = { ipv4: "10.99.0.1", ipv6: "fd99::1" } as const;
const DEVICE = "lab0";
/** Packets the kernel holds for the lab: a burst of ten thousand echoes must not be the lab's loss. */
const DEVICE_QUEUE_PACKETS = 10_000;
const SETUP_LIMIT_SECONDS = 10;

/**
 * Moves this thread into a fresh network whose every route leads to the returned descriptor.
 * The device lives as long as the descriptor, the network as long as anything inside it.
 */
export function openNetwork(kernel: Kernel, mtuBytes: number): number {
  kernel.enterNewNetwork();
  const descriptor = openSync("/dev/net/tun", constants.O_RDWR | constants.O_NONBLOCK);
  try {
    kernel.makeTun(descriptor, DEVICE);
    const commands = [
      "link set dev lo up",
      // Without a link-local address the kernel sends no router solicitations into the record.
      `link set dev ${DEVICE} addrgenmode none`,
      `link set dev ${DEVICE} mtu ${mtuBytes} txqueuelen ${DEVICE_QUEUE_PACKETS} up`,
      `address add ${OWN_ADDRESSES.ipv4}/32 dev ${DEVICE}`,
      `address add ${OWN_ADDRESSES.ipv6}/128 dev ${DEVICE} nodad`,
      `route add default dev ${DEVICE} src ${OWN_ADDRESSES.ipv4}`,
      `-6 route add default dev ${DEVICE} src ${OWN_ADDRESSES.ipv6}`,
    ];
    for (const command of commands) ip(command);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return descriptor;
}

function ip(command: string): void {
  const { status, stderr, error } = spawnSync("ip", command.split(" "), {
    encoding: "utf8",
    timeout: SETUP_LIMIT_SECONDS * 1000,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`"ip ${command}" failed: ${stderr.trim()}`);
}

/** Packets the device has dropped in either direction, by the kernel's own count. */
export function deviceDrops(): number {
  const line = readFileSync("/proc/self/net/dev", "utf8")
    .split("\n")
    .find((text) => text.trim().startsWith(`${DEVICE}:`));
  if (line === undefined) throw new Error(`the device ${DEVICE} is gone: was the lab closed?`);
  // Eight columns of what the kernel received, then eight of what it sent; the fourth is "drop".
  const columns = line
    .slice(line.indexOf(":") + 1)
    .trim()
    .split(/\s+/)
    .map(Number);
  return (columns[3] ?? 0) + (columns[11] ?? 0);
}
