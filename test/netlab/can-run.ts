import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { loadKernel } from "./kernel.ts";

const REHEARSAL_LIMIT_SECONDS = 10;

/**
 * Why the lab cannot run here, as one sentence for a test's `skip`; undefined when it can.
 *
 * Rehearses in a child process, whose network namespace ends with it: this process stays outside.
 */
export async function canRunLab(): Promise<string | undefined> {
  if (process.platform !== "linux") return "the net lab needs Linux";
  if (process.arch !== "x64" && process.arch !== "arm64") {
    return `the net lab knows the kernel's constants of x64 and arm64, not of ${process.arch}`;
  }
  if (!existsSync("/dev/net/tun")) return "the net lab needs /dev/net/tun";
  if (!existsSync("/proc/net/if_inet6")) return "the net lab needs IPv6 in the kernel";
  try {
    await loadKernel();
  } catch (error) {
    return `the net lab needs koffi, which does not load: ${String(error)}`;
  }
  const rehearsal = spawnSync(
    "unshare",
    ["--net", "ip", "tuntap", "add", "dev", "rehearsal0", "mode", "tun"],
    { encoding: "utf8", timeout: REHEARSAL_LIMIT_SECONDS * 1000 },
  );
  if (rehearsal.error !== undefined) {
    return `the net lab needs the programs unshare and ip: ${rehearsal.error.message}`;
  }
  if (rehearsal.status !== 0) {
    const [said = ""] = rehearsal.stderr.split("\n", 1);
    return `the net lab needs root (CAP_SYS_ADMIN and CAP_NET_ADMIN) for a network namespace: ${said}`;
  }
  return undefined;
}
