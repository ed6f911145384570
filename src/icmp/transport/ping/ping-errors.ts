import { isIP } from "node:net";
import type { AddressFamily } from "../../../runtime/address.ts";
import type { LossReason } from "../../echo.ts";
import { lossReason } from "../icmp-error.ts";

/** What strerror(3) says in the C locale: glibc's words, and musl's where they differ. */
const ERRNO_TEXTS: ReadonlyMap<string, string> = new Map([
  ["Operation not permitted", "EPERM"],
  ["Permission denied", "EACCES"],
  ["Invalid argument", "EINVAL"],
  ["Input/output error", "EIO"],
  ["I/O error", "EIO"],
  ["No such device", "ENODEV"],
  ["Cannot allocate memory", "ENOMEM"],
  ["Out of memory", "ENOMEM"],
  ["Too many open files", "EMFILE"],
  ["No file descriptors available", "EMFILE"],
  ["Too many open files in system", "ENFILE"],
  ["Resource temporarily unavailable", "EAGAIN"],
  ["No buffer space available", "ENOBUFS"],
  ["Message too long", "EMSGSIZE"],
  ["Message too large", "EMSGSIZE"],
  ["Protocol not available", "ENOPROTOOPT"],
  ["Protocol not supported", "EPROTONOSUPPORT"],
  ["Operation not supported", "EOPNOTSUPP"],
  ["Not supported", "EOPNOTSUPP"],
  ["Address family not supported by protocol", "EAFNOSUPPORT"],
  ["Cannot assign requested address", "EADDRNOTAVAIL"],
  ["Address not available", "EADDRNOTAVAIL"],
  ["Network is down", "ENETDOWN"],
  ["Network is unreachable", "ENETUNREACH"],
  ["Network unreachable", "ENETUNREACH"],
  ["Host is down", "EHOSTDOWN"],
  ["No route to host", "EHOSTUNREACH"],
  ["Host is unreachable", "EHOSTUNREACH"],
]);

/** Where the program says in words of its own what the system told it. */
const OTHER_WORDS: readonly (readonly [RegExp, string])[] = [
  // The kernel refuses to connect to a broadcast address with EACCES, and by a prohibit route as well.
  [/^Do you want to ping broadcast\? /, "EACCES"],
  [/Address family for hostname not supported$/, "EAFNOSUPPORT"],
  [/^unknown iface: /, "ENODEV"],
  [/^can't set multicast source interface$/, "EADDRNOTAVAIL"],
  [/^permission denied \(are you root\?\)$/i, "EPERM"],
  [/^=> missing cap_net_raw\+p capability or setuid\?$/, "EPERM"],
];

/** The program goes on after these, and its echo is not what was asked for. */
const NOT_AS_ASKED = [
  /^warning: failed to set mark\b/i,
  /^warning: SO_MARK not supported/i,
  // BusyBox sends it by whatever interface then.
  /^can't bind to interface /,
];

/** What the program complained of, without its name in front, which iputils writes as it was called. */
export function complaints(stderr: string): readonly string[] {
  return wholeLines(stderr).map((line) => line.replace(/^.*?ping[46]?: /, ""));
}

/** Lines with an end: what follows the last one may be half of something. */
export function wholeLines(text: string): readonly string[] {
  return text.split("\n").slice(0, -1);
}

/** The error number, by name, that a complaint ends with; undefined when it is not known. */
export function errnoOf(complaint: string): string | undefined {
  const text = complaint.slice(complaint.lastIndexOf(": ") + 1).trim();
  return (
    ERRNO_TEXTS.get(text) ??
    OTHER_WORDS.find(([words]) => words.test(complaint))?.[1] ??
    badAddress(complaint)
  );
}

/** BusyBox takes what is no interface for an address. */
function badAddress(complaint: string): string | undefined {
  const quoted = /^bad address '(.*)'$/.exec(complaint)?.[1];
  if (quoted === undefined) return undefined;
  return isIP(quoted) === 0 ? "ENODEV" : "EAFNOSUPPORT";
}

/** Why the echo left otherwise than it was asked for; undefined when it did not, or nobody said so. */
export function notAsAsked(all: readonly string[]): string | undefined {
  const said = all.find((complaint) => NOT_AS_ASKED.some((words) => words.test(complaint)));
  return said === undefined ? undefined : (errnoOf(said) ?? "EPERM");
}

/** The error number with which the send call was refused; the program waits on nevertheless. */
export function sendRefusal(all: readonly string[]): string | undefined {
  for (const complaint of all) {
    if (/^local error: message too long, mtu/i.test(complaint)) return "EMSGSIZE";
    const errno = /^(sendmsg|local error): /.test(complaint) ? errnoOf(complaint) : undefined;
    if (errno !== undefined) return errno;
  }
  return undefined;
}

/** What iputils calls ICMP errors (`pr_icmph`, `print_icmp`); a number in the words is the code. */
const ICMP_WORDS: Readonly<
  Record<AddressFamily, readonly (readonly [words: RegExp, type: number, code?: number])[]>
> = {
  ipv4: [
    [/^Destination Net Unreachable$/, 3, 0],
    [/^Destination Host Unreachable$/, 3, 1],
    [/^Destination Protocol Unreachable$/, 3, 2],
    [/^Destination Port Unreachable$/, 3, 3],
    [/^Frag needed and DF set \(mtu = \d+\)$/, 3, 4],
    [/^Source Route Failed$/, 3, 5],
    [/^Destination Net Unknown$/, 3, 6],
    [/^Destination Host Unknown$/, 3, 7],
    [/^Source Host Isolated$/, 3, 8],
    [/^Destination Net Prohibited$/, 3, 9],
    [/^Destination Host Prohibited$/, 3, 10],
    [/^Destination Net Unreachable for Type of Service$/, 3, 11],
    [/^Destination Host Unreachable for Type of Service$/, 3, 12],
    [/^Packet filtered$/, 3, 13],
    [/^Precedence Violation$/, 3, 14],
    [/^Precedence Cutoff$/, 3, 15],
    [/^Dest Unreachable, Bad Code: (\d+)$/, 3],
    [/^Time to live exceeded$/, 11, 0],
    [/^Frag reassembly time exceeded$/, 11, 1],
    [/^Time exceeded, Bad Code: (\d+)$/, 11],
  ],
  ipv6: [
    [/^Destination unreachable: No route$/, 1, 0],
    [/^Destination unreachable: Administratively prohibited$/, 1, 1],
    [/^Destination unreachable: Beyond scope of source address$/, 1, 2],
    [/^Destination unreachable: Address unreachable$/, 1, 3],
    [/^Destination unreachable: Port unreachable$/, 1, 4],
    [/^Destination unreachable: Source address failed ingress\/egress policy$/, 1, 5],
    [/^Destination unreachable: Reject route to destination$/, 1, 6],
    [/^Destination unreachable: Unknown code (\d+)$/, 1],
    [/^Packet too big: mtu=\d+(?:, code=\d+)?$/, 2, 0],
    [/^Time exceeded: Hop limit$/, 3, 0],
    [/^Time exceeded: Defragmentation failure$/, 3, 1],
    [/^Time exceeded: code (\d+)$/, 3],
    [/^Parameter problem: Unknown header at \d+$/, 4, 1],
  ],
};

/** The reason that the program's words for an ICMP error give; undefined for others, and for errors that give none. */
export function reasonInWords(family: AddressFamily, words: string): LossReason | undefined {
  for (const [pattern, type, code] of ICMP_WORDS[family]) {
    const match = pattern.exec(words);
    if (match !== null) return lossReason(family, type, code ?? Number(match[1]));
  }
  return undefined;
}
