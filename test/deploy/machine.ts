import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/until.ts";
import { run } from "./image-build.ts";
import { unitPath } from "./unit-file.ts";

const BOOT_LIMIT_SECONDS = 60;
const STOP_LIMIT_SECONDS = 30;
const PACKAGES = ["systemd", "systemd-sysv", "dbus"];

/** A Debian whose process 1 is systemd, in namespaces of its own and with a network that leads nowhere. */
export type Machine = {
  readonly execute: (...command: readonly string[]) => {
    readonly code: number | null;
    readonly output: string;
  };
  readonly stop: () => Promise<void>;
};

/** Puts systemd and the shipped units into a root that has the agent as `sounder`, and enables the service. */
export function installUnits(root: string, config: string): void {
  const quiet =
    "export DEBIAN_FRONTEND=noninteractive; apt-get update -qq && apt-get install -y -qq --no-install-recommends";
  // Nothing of the packages may start while they are installed.
  const policy = join(root, "usr", "sbin", "policy-rc.d");
  run("sh", ["-c", `printf '#!/bin/sh\\nexit 101\\n' > ${policy} && chmod 755 ${policy}`]);
  run("chroot", [root, "/bin/sh", "-c", `${quiet} ${PACKAGES.join(" ")}`]);
  rmSync(policy);
  const units = join(root, "etc", "systemd", "system");
  for (const name of ["sounder.service", "sounder.socket"]) {
    copyFileSync(unitPath(name), join(units, name));
  }
  mkdirSync(join(root, "etc", "sounder"), { recursive: true });
  copyFileSync(config, join(root, "etc", "sounder", "sounder.yml"));
  copyFileSync(unitPath("sounder.env"), join(root, "etc", "sounder", "sounder.env"));
  run("systemctl", [`--root=${root}`, "enable", "sounder.service"]);
}

/** Boots a root by systemd-nspawn(1) of Debian's package systemd-container. */
export async function boot(root: string): Promise<Machine> {
  const args = [
    "--register=no",
    "--keep-unit",
    "--private-network",
    "--boot",
    `--directory=${root}`,
  ];
  const child = spawn("systemd-nspawn", args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-20_000);
    });
  }
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const execute: Machine["execute"] = (...command) => {
    const leader = `--target=${childOf(child)}`;
    const spaces = ["--mount", "--uts", "--ipc", "--net", "--pid"];
    const clean = ["env", "-i", "PATH=/usr/local/bin:/usr/bin:/bin", "SYSTEMD_COLORS=0"];
    const { status, stdout, stderr } = spawnSync(
      "nsenter",
      [leader, ...spaces, "--", ...clean, ...command],
      {
        encoding: "utf8",
        timeout: BOOT_LIMIT_SECONDS * 1000,
      },
    );
    return { code: status, output: (stdout + stderr).trimEnd() };
  };
  const stop = async (): Promise<void> => {
    // As nspawn wants it: an orderly shutdown.
    child.kill("SIGTERM");
    const overdue = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_SECONDS * 1000);
    await ended;
    clearTimeout(overdue);
  };
  try {
    await until(
      () => {
        if (child.exitCode !== null) throw new Error(`the machine did not start:\n${output}`);
        const { output: state } = execute("systemctl", "is-system-running");
        return state === "running" || state === "degraded";
      },
      { deadlineSeconds: BOOT_LIMIT_SECONDS, what: "the machine to be up", everySeconds: 0.5 },
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { execute, stop };
}

function childOf({ pid = 0 }: ChildProcess): string {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return children.trim().split(" ")[0] ?? "";
}
