import { isIP } from "node:net";
import { type AddressFamily, familyOf } from "../../../runtime/address.ts";
import type { SocketProfile } from "../../echo.ts";
import { IcmpSocketError } from "../../transport.ts";
import type { PingKind } from "./ping-program.ts";

/** How much longer than its timeout an echo's program listens, so that a late reply is seen to be late. */
const LISTENS_ON_SECONDS = 1;
/** iputils up to s20180629 takes no more. */
const MAX_LINGER_SECONDS = 2147;
/** What IPv6 leaves with when nobody asks for another (RFC 1700, net.ipv6.conf.all.hop_limit). */
const SYSTEM_HOP_LIMIT = 64;
/** As the kernel has it for names of interfaces (dev_valid_name: net/core/dev.c). */
const INTERFACE_NAME = /^[^\s/:]{1,15}$/;

/**
 * The flags that make the program's socket what a profile asks for.
 *
 * @throws IcmpSocketError when the program has no flag for something of it: an echo that leaves otherwise than it was
 *   asked for would measure something else.
 */
export function profileFlags(kind: PingKind, profile: SocketProfile): readonly string[] {
  checkNames(profile);
  const flags = [profile.family === "ipv6" ? "-6" : "-4", "-t", String(profile.hopLimit)];
  switch (kind) {
    case "iputils":
      return [...flags, ...iputilsFlags(profile)];
    case "busybox":
      return [...flags, ...busyboxFlags(profile)];
  }
}

/** Interface before source: each `-I` is one of both (iputils ping(8)). */
function iputilsFlags(profile: SocketProfile): readonly string[] {
  const { family, source, mark, dscp, isFragmentingForbidden } = profile;
  const flags: string[] = [];
  if (profile.interface !== undefined) flags.push("-I", profile.interface);
  if (source !== undefined) flags.push("-I", source);
  if (mark !== 0) flags.push("-m", String(mark));
  // The byte on the wire, whose lower two bits are not part of the code point (RFC 2474 section 3).
  if (dscp !== 0) flags.push("-Q", String(dscp << 2));
  // Left to itself, it forbids to fragment whatever fits into the first link (ip(7), IP_PMTUDISC_WANT).
  if (family === "ipv4") flags.push("-M", isFragmentingForbidden ? "do" : "dont");
  return flags;
}

/** The last `-I` is the only one that counts, and `-t` is taken and left undone for IPv6. */
function busyboxFlags(profile: SocketProfile): readonly string[] {
  const { family, source, mark, dscp, hopLimit, isFragmentingForbidden } = profile;
  const lacks = (option: string): IcmpSocketError =>
    refusal(family, "EOPNOTSUPP", `${option}: the ping of BusyBox has no flag for it`);
  if (mark !== 0) throw lacks(`mark ${mark}`);
  if (dscp !== 0) throw lacks(`dscp ${dscp}`);
  if (isFragmentingForbidden) throw lacks("dont_fragment");
  if (family === "ipv6" && hopLimit !== SYSTEM_HOP_LIMIT) throw lacks(`hop limit ${hopLimit}`);
  if (source === undefined) {
    return profile.interface === undefined ? [] : ["-I", profile.interface];
  }
  if (profile.interface === undefined) return ["-I", source];
  throw refusal(
    family,
    "EOPNOTSUPP",
    `source address ${source} and interface ${profile.interface}: the ping of BusyBox takes one of both`,
  );
}

function checkNames({ family, source, interface: name }: SocketProfile): void {
  if (source !== undefined && familyOf(source) !== family) {
    throw refusal(family, "EINVAL", `source address ${source}: it is no ${family} address`);
  }
  // The program tells an interface from a source by its form alone.
  if (name !== undefined && (!INTERFACE_NAME.test(name) || isIP(name) !== 0)) {
    throw refusal(family, "ENODEV", `interface ${name}: no interface can have this name`);
  }
}

function refusal(family: AddressFamily, errno: string, what: string): IcmpSocketError {
  return new IcmpSocketError(family, errno, `Cannot send ${family} echoes with ${what}`);
}

/** How long the program listens for a reply; in whole seconds, which every version takes. */
export function lingerSeconds(timeoutSeconds: number): number {
  return Math.min(Math.ceil(timeoutSeconds + LISTENS_ON_SECONDS), MAX_LINGER_SECONDS);
}

/**
 * The arguments for one echo.
 *
 * @param flags What `profileFlags` gave.
 * @param target An IP address, with or without a zone.
 * @throws Error when the target is none: nothing else may get where a program takes names and flags.
 */
export function pingArguments(
  flags: readonly string[],
  target: string,
  payloadBytes: number,
  timeoutSeconds: number,
): readonly string[] {
  const [address = "", zone = "0", ...rest] = target.split("%");
  if (isIP(address) === 0 || !INTERFACE_NAME.test(zone) || rest.length > 0) {
    throw new Error(`Cannot ping "${target}": not an IP address`);
  }
  const wait = String(lingerSeconds(timeoutSeconds));
  return ["-n", "-c", "1", "-W", wait, "-s", String(payloadBytes), ...flags, "--", target];
}
