import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { promisify } from "node:util";
import type { AddressFamily } from "../../runtime/address.ts";
import * as c from "../transport/kernel/libc.ts";
import { loadRawSocket } from "../transport/raw-socket/package.ts";
import type { GroupRange, ProcessFacts, SystemFacts, Trial } from "./system-facts.ts";

/** Bit of the capability sets in /proc/self/status (linux/capability.h). */
const CAP_NET_RAW = 13n;
/** The program waits a second for its answer; a machine that stands still gets more. */
const PING_LIMIT_MILLISECONDS = 5_000;
const LOOPBACK = { ipv4: "127.0.0.1", ipv6: "::1" } as const;
/** Longest text quoted from another program. */
const MAX_QUOTED_CHARACTERS = 200;

/**
 * Tries every transport on this machine (sockets are opened and closed, `ping` sends one echo to the loopback
 * address) and reads what decides about them. Nothing else is sent, nothing is changed, nothing is left open.
 *
 * On the main thread only: the package `raw-socket` is tied to its loop.
 *
 * @param wantedBufferBytes Receive buffer to ask for.
 */
export async function readSystemFacts(wantedBufferBytes: number): Promise<SystemFacts> {
  const loaded = await c.loadLibc();
  const families = {
    ipv4: await familyFacts("ipv4", loaded),
    ipv6: await familyFacts("ipv6", loaded),
  };
  return {
    nodeVersion: process.version,
    process: processFacts(),
    pingGroupRange: pingGroupRange(),
    families,
    receiveBuffer:
      loaded.kind === "loaded" ? askForBuffer(loaded.libc, wantedBufferBytes) : undefined,
    clockSource: clockSource(),
  };
}

async function familyFacts(family: AddressFamily, loaded: c.LoadedLibc) {
  const hasAddress = hasAddressOf(family);
  return {
    hasAddress,
    trials: {
      raw: trySocket(loaded, family, c.SOCK_RAW),
      dgram: trySocket(loaded, family, c.SOCK_DGRAM),
      "raw-socket": await tryRawSocketPackage(family),
      ping: hasAddress
        ? await tryPingProgram(family)
        : ({ kind: "refused", error: "this machine has no address of the family" } as const),
    },
  };
}

function trySocket(loaded: c.LoadedLibc, family: AddressFamily, type: number): Trial {
  if (loaded.kind === "absent") return { kind: "absent", reason: loaded.reason };
  const { libc } = loaded;
  const descriptor = libc.socket(
    family === "ipv6" ? c.AF_INET6 : c.AF_INET,
    type | c.SOCK_NONBLOCK | c.SOCK_CLOEXEC,
    family === "ipv6" ? c.IPPROTO_ICMPV6 : c.IPPROTO_ICMP,
  );
  if (descriptor < 0) return { kind: "refused", error: libc.errnoName(libc.errno()) };
  libc.close(descriptor);
  return { kind: "worked" };
}

async function tryRawSocketPackage(family: AddressFamily): Promise<Trial> {
  const loaded = await loadRawSocket();
  if (loaded.kind === "absent") return loaded;
  try {
    loaded.rawSocket
      .createSocket({
        protocol: family === "ipv6" ? c.IPPROTO_ICMPV6 : c.IPPROTO_ICMP,
        // The package numbers the families itself.
        addressFamily: family === "ipv6" ? 2 : 1,
        bufferSize: 64,
      })
      .close();
    return { kind: "worked" };
  } catch (error) {
    return { kind: "refused", error: said(error) };
  }
}

/** One echo to the loopback address, with flags that iputils and BusyBox share. */
export async function tryPingProgram(family: AddressFamily): Promise<Trial> {
  const flags = family === "ipv6" ? ["-6"] : [];
  try {
    await promisify(execFile)("ping", [...flags, "-n", "-c", "1", "-W", "1", LOOPBACK[family]], {
      timeout: PING_LIMIT_MILLISECONDS,
      env: { ...process.env, LC_ALL: "C" },
    });
    return { kind: "worked" };
  } catch (error) {
    const { code, stderr = "" } = error as { code?: string | number; stderr?: string };
    if (code === "ENOENT")
      return { kind: "absent", reason: "there is no program ping in the PATH" };
    // A program with file capabilities beyond the bounding set is not even started: EPERM (capabilities(7)).
    const seen =
      oneLine(stderr) || (typeof code === "number" ? `it ended with ${code}` : said(error));
    return { kind: "refused", error: seen };
  }
}

function said(error: unknown): string {
  const [first = ""] = (error instanceof Error ? error.message : String(error)).split("\n", 1);
  return oneLine(first);
}

function oneLine(text: string): string {
  return text.trim().split(/\n+/).join("; ").slice(0, MAX_QUOTED_CHARACTERS);
}

/** Whether any interface, loopback included, has an address of the family. */
export function hasAddressOf(family: AddressFamily): boolean {
  return Object.values(networkInterfaces()).some((addresses = []) =>
    addresses.some((address) => address.family === (family === "ipv4" ? "IPv4" : "IPv6")),
  );
}

/** Who may open ping sockets; undefined where the system does not tell. */
export function pingGroupRange(): GroupRange | undefined {
  return parseGroupRange(textOf("/proc/sys/net/ipv4/ping_group_range") ?? "");
}

/** What this process is allowed. */
export function processFacts(): ProcessFacts {
  const status = textOf("/proc/self/status") ?? "";
  const effectiveGroup = process.getegid?.() ?? 0;
  return {
    userId: process.geteuid?.() ?? 0,
    groupIds: [...new Set([effectiveGroup, ...(process.getgroups?.() ?? [])])],
    netRaw: netRawOf(status),
    isPrivilegeGainForbidden: /^NoNewPrivs:\s*1$/m.test(status),
    executable: process.execPath,
  };
}

/** @param status The text of /proc/self/status. */
export function netRawOf(status: string): ProcessFacts["netRaw"] {
  const has = (set: string): boolean | undefined => {
    const hex = new RegExp(`^${set}:\\s*([0-9a-f]+)$`, "m").exec(status)?.[1];
    return hex === undefined ? undefined : ((BigInt(`0x${hex}`) >> CAP_NET_RAW) & 1n) === 1n;
  };
  const isBounded = has("CapBnd");
  if (has("CapEff") === true) return "effective";
  if (isBounded === undefined) return "unknown";
  return isBounded ? "missing" : "dropped";
}

/** @param text Two numbers, as the kernel writes them. */
export function parseGroupRange(text: string): GroupRange | undefined {
  const [, low, high] = /^(\d+)\s+(\d+)$/.exec(text.trim()) ?? [];
  return low === undefined ? undefined : { low: Number(low), high: Number(high) };
}

/** On a socket that sends nothing and that everybody may open. */
function askForBuffer(libc: c.Libc, wantedBytes: number): SystemFacts["receiveBuffer"] {
  const descriptor = libc.socket(c.AF_INET, c.SOCK_DGRAM | c.SOCK_CLOEXEC, 0);
  if (descriptor < 0) return undefined;
  if (libc.setOption(descriptor, c.SOL_SOCKET, c.SO_RCVBUFFORCE, wantedBytes) < 0) {
    libc.setOption(descriptor, c.SOL_SOCKET, c.SO_RCVBUF, wantedBytes);
  }
  const kernelBytes = libc.getIntegerOption(descriptor, c.SOL_SOCKET, c.SO_RCVBUF);
  libc.close(descriptor);
  return kernelBytes < 0 ? undefined : { wantedBytes, grantedBytes: kernelBytes / 2 };
}

function clockSource(): SystemFacts["clockSource"] {
  const folder = "/sys/devices/system/clocksource/clocksource0";
  const current = textOf(`${folder}/current_clocksource`)?.trim();
  if (current === undefined) return undefined;
  const available = textOf(`${folder}/available_clocksource`) ?? "";
  return { current, available: available.trim().split(/\s+/) };
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // Another system, or a container that hides it.
    return undefined;
  }
}
