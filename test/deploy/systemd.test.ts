import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readScrape } from "../netlab/icmp-figures.ts";
import { freePort } from "../support/agent-process.ts";
import { samplesOf } from "../support/exposition.ts";
import { packageRoot } from "../support/golden.ts";
import { enterOwnNetwork } from "../support/own-network.ts";
import { until } from "../support/until.ts";
import { cannotRun, NOBODY } from "../support/users.ts";
import { openNotifySocket } from "./notify-socket.ts";
import { readUnit, settingOf, unitPath } from "./unit-file.ts";

const MAIN = fileURLToPath(new URL("../../src/main.js", import.meta.url));
const UNITS = ["sounder.service", "sounder.socket"] as const;
const WAIT_SECONDS = 30;
const LIMIT_MILLISECONDS = 90_000;
/** What docs/deployment.md says of the unit. The scale ends at 10, and lower is safer. */
const HIGHEST_EXPOSURE = 1.5;

/** A network where no group may open ping sockets: what measures here does so by the capability. */
const noNetwork = await enterOwnNetwork();
const noSystemd =
  spawnSync("systemd-analyze", ["--version"]).error === undefined
    ? false
    : "systemd-analyze is not installed: install Debian's package systemd";

/** A root with nothing but systemd's targets, our units, and programs of the names they start. */
function makeRoot(): string {
  const root = mkdtempSync(join(tmpdir(), "sounder-root-"));
  const units = join(root, "etc", "systemd", "system");
  const targets = join(root, "lib", "systemd", "system");
  const programs = join(root, "usr", "bin");
  for (const directory of [units, targets, programs]) mkdirSync(directory, { recursive: true });
  for (const name of readdirSync("/lib/systemd/system")) {
    if (name.endsWith(".target")) cpSync(join("/lib/systemd/system", name), join(targets, name));
  }
  for (const name of UNITS) copyFileSync(unitPath(name), join(units, name));
  for (const name of ["sounder", "sh"]) {
    writeFileSync(join(programs, name), "#!/bin/true\n");
    chmodSync(join(programs, name), 0o755);
  }
  return root;
}

test("systemd-analyze verify has nothing to say of the units", { skip: noSystemd }, () => {
  const root = makeRoot();
  try {
    const paths = UNITS.map((name) => join(root, "etc", "systemd", "system", name));
    const args = ["verify", "--man=no", `--root=${root}`, ...paths];
    const run = spawnSync("systemd-analyze", args, { encoding: "utf8", timeout: 60_000 });
    assert.deepEqual([run.status, run.stdout, run.stderr], [0, "", ""]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

test("the unit is as safe as the docs say", { skip: noSystemd }, () => {
  const threshold = `--threshold=${HIGHEST_EXPOSURE * 10}`;
  const args = ["security", "--offline=true", "--no-pager", threshold, unitPath("sounder.service")];
  const run = spawnSync("systemd-analyze", args, { encoding: "utf8", timeout: 60_000 });
  assert.equal(run.status, 0, run.stdout + run.stderr);
  const [, score = ""] =
    /Overall exposure level for sounder\.service: (\S+) /.exec(run.stdout) ?? [];
  const page = readFileSync(join(packageRoot(), "docs", "deployment.md"), "utf8");
  assert.ok(page.includes(`exposure level for sounder.service: ${score} `), score);
});

test("the unit keeps what would break the agent out of its hardening", () => {
  const keys = new Map(
    (readUnit("sounder.service").get("Service") ?? []).map(({ key, value }) => [key, value]),
  );
  for (const breaks of ["MemoryDenyWriteExecute", "PrivateUsers", "ProcSubset", "PrivateNetwork"]) {
    assert.equal(keys.get(breaks), undefined, breaks);
  }
  assert.equal(keys.get("NoNewPrivileges"), "yes");
  assert.equal(keys.get("DynamicUser"), "yes");
});

test("every flag in the environment file is one of the agent", () => {
  const flags = readFileSync(unitPath("sounder.env"), "utf8").match(/--[a-z][a-z.-]+/g) ?? [];
  const help = spawnSync(process.execPath, [MAIN, "run", "--help"], { encoding: "utf8" });
  assert.ok(flags.length > 3);
  assert.deepEqual(
    flags.filter((flag) => flag !== "--help" && !help.stdout.includes(`  ${flag}`)),
    [],
  );
});

/** The unit's rights and no other, as setpriv(1) gives them. */
function asTheUnit(): readonly string[] {
  const setOf = (key: string): string =>
    settingOf("sounder.service", "Service", key)
      .split(" ")
      .map((name) => name.replace(/^CAP_/, "+").toLowerCase())
      .join(",");
  const ambient = setOf("AmbientCapabilities");
  return [
    "setpriv",
    `--reuid=${NOBODY}`,
    `--regid=${NOBODY}`,
    "--clear-groups",
    `--inh-caps=-all,${ambient}`,
    `--ambient-caps=-all,${ambient}`,
    `--bounding-set=-all,${setOf("CapabilityBoundingSet")}`,
    ...(settingOf("sounder.service", "Service", "NoNewPrivileges") === "yes"
      ? ["--no-new-privs"]
      : []),
    "--",
  ];
}

/** `ExecStart` with another place for file and program, and flags as the environment file would have them. */
function startCommand(file: string, flags: string): readonly string[] {
  const words = settingOf("sounder.service", "Service", "ExecStart").split(" ");
  assert.deepEqual(words.slice(0, 2), ["sounder", "run"]);
  assert.ok(words.includes("--config.file=/etc/sounder/sounder.yml"), words.join(" "));
  assert.equal(words.at(-1), "$SOUNDER_FLAGS");
  return [
    process.execPath,
    MAIN,
    ...words
      .slice(1)
      .map((word) => (word.startsWith("--config.file=") ? `--config.file=${file}` : word))
      .flatMap((word) => (word === "$SOUNDER_FLAGS" ? flags.split(" ") : [word])),
  ];
}

const [setpriv = "", ...rights] = asTheUnit();
const skip =
  noNetwork ??
  cannotRun("ordinary", [process.execPath, "--version"]) ??
  (spawnSync(setpriv, [...rights, process.execPath, "--version"]).status === 0
    ? false
    : "setpriv cannot give the unit's rights here");

test("what the unit starts measures both families as an ordinary user with the unit's one capability", {
  skip,
  timeout: LIMIT_MILLISECONDS,
}, async () => {
  const directory = mkdtempSync(join(tmpdir(), "sounder-unit-"));
  chmodSync(directory, 0o755);
  const file = join(directory, "sounder.yml");
  const targets = ["127.0.0.1", "::1"];
  const group = { name: "self", modules: ["icmp"], interval: "200ms", targets };
  writeFileSync(file, JSON.stringify({ groups: [group] }));
  // Abstract: an ordinary user reaches it wherever it is.
  const notified = openNotifySocket(`@${directory}`);
  const address = `127.0.0.1:${await freePort()}`;
  const command = startCommand(file, `--web.listen-address=${address} --log.level=warn`);
  const child = spawn(setpriv, [...rights, ...command], {
    stdio: ["ignore", "ignore", "pipe"],
    cwd: "/",
    env: { PATH: process.env["PATH"], NOTIFY_SOCKET: `@${directory}` },
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  let code: number | null;
  try {
    const told: string[] = [];
    await until(
      () => {
        assert.equal(child.exitCode, null, stderr);
        told.push(...notified.messages());
        return told.includes("READY=1");
      },
      { deadlineSeconds: WAIT_SECONDS, what: "the agent to tell systemd that it is ready" },
    );
    const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
    // CAP_NET_RAW is number 13.
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
      assert.match(status, new RegExp(`^${set}:\\t0{12}2000$`, "m"));
    }
    assert.match(status, /^NoNewPrivs:\t1$/m);
    assert.match(status, new RegExp(`^Uid:(?:\\t${NOBODY}){4}$`, "m"));
    const page = await until(
      async () => {
        const response = await fetch(`http://${address}/metrics`, {
          headers: { connection: "close" },
          signal: AbortSignal.timeout(WAIT_SECONDS * 1000),
        });
        const scrape = readScrape(await response.text());
        return targets.every((target) => scrape.icmp({ target }).echoes >= 3) && scrape;
      },
      { deadlineSeconds: WAIT_SECONDS, what: "three echoes of each family", everySeconds: 0.2 },
    );
    for (const target of targets) {
      const { lost, unsent, up } = page.icmp({ target });
      assert.deepEqual([lost, unsent, up], [0, 0, 1], target);
    }
    const transports = samplesOf(page.families, "sounder_agent_icmp_info").map(({ labels }) => [
      labels["transport"],
      labels["transmit_stamp"],
    ]);
    assert.deepEqual(transports, [
      ["raw", "kernel"],
      ["raw", "kernel"],
    ]);
  } finally {
    child.kill("SIGTERM");
    const overdue = setTimeout(() => child.kill("SIGKILL"), 15_000);
    code = await ended.finally(() => clearTimeout(overdue));
    notified.close();
    rmSync(directory, { recursive: true, force: true });
  }
  assert.deepEqual([code, stderr], [0, ""]);
});
