import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Image } from "./image-build.ts";
import { run } from "./image-build.ts";

/** What engines set in a container's network of its own: every group may open ping sockets. */
const PING_GROUP_RANGE = "0 2147483647";
const STOP_LIMIT_SECONDS = 15;

/** An image's command as process 1 of namespaces of its own, on a root that nothing can write to. */
export type Container = {
  /** Runs a command of the image as its user beside process 1. */
  readonly execute: (command: readonly string[]) => {
    readonly code: number | null;
    readonly output: string;
  };
  /** `/proc/PID/status` of process 1. */
  readonly status: () => string;
  readonly output: () => string;
  readonly hasEnded: () => boolean;
  /** As `docker stop`. @returns the exit code. */
  readonly stop: () => Promise<number | null>;
};

/** No capability at all, none to be gained: `cap_drop: [ALL]`, `no-new-privileges`, `read_only`, a `tmpfs` for /tmp. */
export function runImage(image: Image): Container {
  const { root } = image;
  const setup = [
    "set -e",
    "mount --make-rprivate /",
    `mount --bind ${root} ${root}`,
    `mount -t proc proc ${root}/proc`,
    `mount -t tmpfs tmpfs ${root}/tmp`,
    "ip link set lo up",
    `printf '${PING_GROUP_RANGE}' > /proc/sys/net/ipv4/ping_group_range`,
    `mount -o remount,bind,ro ${root}`,
    'exec "$@"',
  ].join("\n");
  const namespaces = ["--mount", "--net", "--pid", "--fork", "--kill-child"];
  const command = inside(image, image.command);
  const child = spawn("unshare", [...namespaces, "--", "sh", "-c", setup, "sh", ...command], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  let hasEnded = false;
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      hasEnded = true;
      resolve(code);
    });
  });
  const stop = (): Promise<number | null> => {
    const first = firstProcess(child);
    if (first !== undefined) process.kill(first, "SIGTERM");
    const overdue = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_SECONDS * 1000);
    return ended.finally(() => clearTimeout(overdue));
  };
  return {
    execute: (words) => {
      const target = `--target=${firstProcess(child)}`;
      const args = [target, "--mount", "--net", "--pid", "--", ...inside(image, words)];
      const { status, stdout, stderr } = spawnSync("nsenter", args, {
        encoding: "utf8",
        timeout: 30_000,
      });
      return { code: status, output: stdout + stderr };
    },
    status: () => readFileSync(`/proc/${firstProcess(child)}/status`, "utf8"),
    output: () => output,
    hasEnded: () => hasEnded,
    stop,
  };
}

/** A command in the root of the image, with its user, environment and working directory, and without any right. */
function inside(image: Image, command: readonly string[]): readonly string[] {
  const { root, environment, userId, groupId, workingDirectory } = image;
  const words = Object.entries(environment).map(([key, value]) => `${key}=${value}`);
  const rights = [
    `--reuid=${userId}`,
    `--regid=${groupId}`,
    "--clear-groups",
    "--inh-caps=-all",
    "--bounding-set=-all",
    "--no-new-privs",
  ];
  const start = ["/bin/sh", "-c", `cd ${workingDirectory} && exec "$@"`, "sh", ...command];
  return ["chroot", root, "setpriv", ...rights, "--", "/usr/bin/env", "-i", ...words, ...start];
}

/** Process 1 of the namespace: the one child of `unshare`, once there is one. */
function firstProcess(child: ChildProcess): number | undefined {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null) return undefined;
  const [first] = readFileSync(join("/proc", String(pid), "task", String(pid), "children"), "utf8")
    .trim()
    .split(" ");
  return first === undefined || first === "" ? undefined : Number(first);
}

/** A root as the base image has it: Debian by debootstrap(8), Node of the image's version, npm. */
export function makeBase(place: string, tell: (line: string) => void): string {
  const base = join(place, "base");
  tell("debootstrap --variant=minbase bookworm");
  run("debootstrap", ["--variant=minbase", "bookworm", base]);
  const node = `node-linux-${process.arch}`;
  tell(`npm install ${node}@24`);
  const npm = ["install", "--ignore-scripts", "--no-audit", "--no-fund"];
  run("npm", [...npm, `--prefix=${join(place, "node")}`, `${node}@24`]);
  const binary = join(place, "node", "node_modules", node, "bin", "node");
  const modules = join(base, "usr", "local", "lib", "node_modules");
  run("mkdir", ["-p", modules]);
  run("cp", [binary, join(base, "usr", "local", "bin", "node")]);
  run("cp", ["-rL", join(run("npm", ["root", "--global"]).trim(), "npm"), modules]);
  for (const name of ["npm", "npx"]) {
    const script = `../lib/node_modules/npm/bin/${name}-cli.js`;
    run("ln", ["-s", script, join(base, "usr", "local", "bin", name)]);
  }
  return base;
}
