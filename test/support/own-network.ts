import { spawnSync } from "node:child_process";
import { openSync } from "node:fs";
import { loadKernel } from "../netlab/kernel.ts";

/**
 * Moves this thread, and so the sockets and programs it opens from now on, into a network of its own where only
 * the loopback interface is up. Nothing of it reaches the outside.
 *
 * @returns Why that cannot be done here, for a test's `skip`; undefined when it is done.
 */
export async function enterOwnNetwork(): Promise<string | undefined> {
  if (process.platform !== "linux") return "needs Linux";
  try {
    (await loadKernel()).enterNewNetwork();
  } catch (error) {
    return `needs root, for a network of its own: ${String(error)}`;
  }
  const up = ip("link set lo up");
  return up === undefined ? undefined : `cannot bring up the loopback interface: ${up}`;
}

/**
 * Adds an interface that takes what is sent to its network and never answers: a TUN device that nobody reads. It
 * lives as long as this process.
 *
 * @param network The device's own address with its prefix length.
 * @returns what went wrong, undefined when all went well.
 */
export async function addSilentInterface(network: string): Promise<string | undefined> {
  try {
    (await loadKernel()).makeTun(openSync("/dev/net/tun", "r+"), "silent0");
  } catch (error) {
    return String(error);
  }
  return ip(`addr add ${network} dev silent0`) ?? ip("link set silent0 up");
}

/** Runs `ip` with these arguments. @returns what it complained of, undefined when all went well. */
export function ip(args: string): string | undefined {
  return program("ip", args.split(" "));
}

/** Runs `nft` with one ruleset. @returns what it complained of, undefined when all went well. */
export function nft(ruleset: string): string | undefined {
  return program("nft", [ruleset]);
}

function program(name: string, args: readonly string[]): string | undefined {
  const result = spawnSync(name, args, { encoding: "utf8", timeout: 10_000 });
  if (result.error !== undefined) return result.error.message;
  return result.status === 0 ? undefined : result.stderr.trim();
}
