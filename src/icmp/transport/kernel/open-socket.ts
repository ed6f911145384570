import type { AddressFamily } from "../../../runtime/address.ts";
import { IcmpSocketError } from "../../transport.ts";
import * as c from "./libc.ts";

const KINDS = {
  raw: { type: c.SOCK_RAW, remedy: "run as root or grant CAP_NET_RAW" },
  ping: {
    type: c.SOCK_DGRAM,
    remedy: "widen net.ipv4.ping_group_range to hold a group of this process",
  },
} as const;

/**
 * Opens a socket that never blocks.
 *
 * @throws IcmpSocketError with the remedy in its message.
 */
export function openIcmpSocket(
  libc: c.Libc,
  family: AddressFamily,
  kind: keyof typeof KINDS,
): number {
  const { type, remedy } = KINDS[kind];
  const isVersion6 = family === "ipv6";
  const descriptor = libc.socket(
    isVersion6 ? c.AF_INET6 : c.AF_INET,
    type | c.SOCK_NONBLOCK | c.SOCK_CLOEXEC,
    isVersion6 ? c.IPPROTO_ICMPV6 : c.IPPROTO_ICMP,
  );
  if (descriptor >= 0) return descriptor;
  const errno = libc.errnoName(libc.errno());
  throw new IcmpSocketError(
    family,
    errno,
    `Cannot open an ${family} ${kind} socket: ${remedyFor(errno, family, remedy)}`,
  );
}

function remedyFor(errno: string, family: AddressFamily, remedy: string): string {
  switch (errno) {
    case "EPERM":
    case "EACCES":
      return remedy;
    case "EAFNOSUPPORT":
      return `this system has no ${family}`;
  }
  return errno;
}
