import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, test } from "node:test";
import { runProgram } from "../../src/icmp/transport/ping/ping-process.ts";
import { findPingProgram, type PingKind } from "../../src/icmp/transport/ping/ping-program.ts";
import { loadRawSocket } from "../../src/icmp/transport/raw-socket/package.ts";
import { canRunLab } from "./can-run.ts";
import type { Pace } from "./measuring.ts";
import { CONTENDERS, type Contender } from "./transport-lacks.ts";
import { conform, type Run, testLacks } from "./transport-suite.ts";

const noLab = await canRunLab();

const PACE: Pace = { intervalSeconds: 0.5, timeoutSeconds: 0.4 };
/** Its times hold what else the main thread does. */
const MAIN_THREAD_PACE: Pace = { intervalSeconds: 1, timeoutSeconds: 0.8 };
/**
 * A program listens for 3 s, the timeout and a second more in whole seconds, and is killed at 4 s. So 48 dead targets of a
 * family are what 64 processes suffice for however slow the machine is.
 */
const PROGRAM_PACE: Pace = { intervalSeconds: 3, timeoutSeconds: 1.4 };

const ENGINE = { pace: PACE, echoesWanted: 6, crowdOfEachFamily: 50 };
const PROGRAM = {
  transport: "ping",
  pace: PROGRAM_PACE,
  echoesWanted: 4,
  crowdOfEachFamily: 4,
} as const;

const path = process.env["PATH"] ?? "";
/** For a link of BusyBox, which is what it is called as. */
const folder = mkdtempSync(join(tmpdir(), "sounder-busybox-"));

const RUNS: Readonly<Record<Contender, Omit<Run, "contender">>> = {
  raw: { ...ENGINE, transport: "raw" },
  dgram: {
    ...ENGINE,
    transport: "dgram",
    prepare: () => writeFileSync("/proc/sys/net/ipv4/ping_group_range", "0 2147483647"),
  },
  "raw-socket": { ...ENGINE, transport: "raw-socket", pace: MAIN_THREAD_PACE },
  "ping of iputils": PROGRAM,
  "ping of BusyBox": { ...PROGRAM, environment: { PATH: `${folder}${delimiter}${path}` } },
};

/** What a contender needs of the machine besides the lab; undefined when it is there. */
const OBSTACLES: Readonly<Record<Contender, () => Promise<string | undefined>>> = {
  raw: async () => undefined,
  dgram: async () => undefined,
  "raw-socket": async () => {
    const loaded = await loadRawSocket();
    return loaded.kind === "absent" ? loaded.reason : undefined;
  },
  "ping of iputils": () => whyNoPing("iputils", "ping"),
  "ping of BusyBox": () => {
    const busybox = path
      .split(delimiter)
      .map((one) => join(one, "busybox"))
      .find((file) => existsSync(file));
    if (busybox === undefined) return Promise.resolve("there is no program busybox in the PATH");
    symlinkSync(busybox, join(folder, "ping"));
    return whyNoPing("busybox", join(folder, "ping"));
  },
};

async function whyNoPing(kind: PingKind, program: string): Promise<string | undefined> {
  const found = await findPingProgram(runProgram, program);
  if (found.kind === "absent") return found.reason;
  return found.program.kind === kind ? undefined : `${program} is that of ${found.program.kind}`;
}

// All before the first test: one that runs has moved this thread into its lab.
const obstacles = new Map<Contender, string>();
for (const contender of CONTENDERS) {
  const obstacle = noLab ?? (await OBSTACLES[contender]());
  if (obstacle !== undefined) obstacles.set(contender, obstacle);
}

after(() => rmSync(folder, { recursive: true }));

for (const contender of CONTENDERS) {
  testLacks(contender);
  const skip = obstacles.get(contender) ?? false;
  test(`${contender} passes the cases of every transport`, { skip }, async (t) => {
    await conform(t, { ...RUNS[contender], contender });
  });
}
