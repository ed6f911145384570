/**
 * `/probe` against blackbox_exporter, on loopback: `npm run bench:probe`.
 *
 * Sixteen clients, the servers they have probed, and each program are processes of their own; a program's cost is its
 * own CPU time, all threads together. First as many probes as there are answers, then both at half of what the slower
 * one managed. Prints tables and goals, and exits with 1 when a goal is missed.
 *
 * `--seconds=N` shortens every measured time and `--only=http,icmp` leaves probers out while developing; figures of
 * record are taken without them, on a machine with nothing else to do.
 */

import { readFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { createAuthority } from "../test/probe/certificates.ts";
import { quantile } from "./accuracy/statistics.ts";
import { goalLines, isMet } from "./goal.ts";
import { type Child, startChild } from "./probe/child.ts";
import { CLIENTS, type Contest, contest } from "./probe/measure.ts";
import type { ServerPorts, TlsLoopResult } from "./probe/messages.ts";
import { configFor, PROBERS, type ProberName, pathOf, SERVER_NAME } from "./probe/modules.ts";
import { profileOf } from "./probe/profile.ts";
import { type Program, startBlackboxExporter, startSounder } from "./probe/programs.ts";
import { goalsOf, profileLines, type Result, resultLines } from "./probe/tables.ts";
import { figure } from "./table.ts";

const SECONDS_OF_RECORD = 2.5;
const PROFILE_SECONDS = 1.5;
const WARM_UP_SECONDS = 0.7;
const ROUNDS = { full: 3, paced: 2 };
const PACED_SHARE = 0.5;
/** None of those that the rounds use. */
const PROFILED_ADDRESS = "127.1.0.1";

type Flags = { readonly seconds: number; readonly probers: readonly ProberName[] };
type Bench = {
  readonly programs: Contest<Program>;
  readonly ports: ServerPorts;
  readonly ca: string;
  readonly clients: Child;
  readonly seconds: number;
  readonly stop: AbortSignal;
};

async function main(): Promise<number> {
  const flags = flagsOf(process.argv.slice(2));
  if (flags === undefined) {
    console.error(
      `Usage: node dist/bench/probe.js [--seconds=N] [--only=${PROBERS.join(",")}], N from 1 to 60`,
    );
    return 2;
  }
  const stopping = new AbortController();
  const onSignal = (): void => stopping.abort(new Error("stopped by a signal"));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, onSignal);
  console.log(heading(flags).join("\n"));

  const authority = createAuthority();
  const server = startChild("server-process");
  const clients = startChild("load-process");
  const config = configFor(flags.probers, authority.caFile);
  try {
    const certificate = authority.issue({
      name: "server",
      subject: "/O=Bench",
      names: `DNS:${SERVER_NAME}`,
    });
    const ports = await server.ask<ServerPorts>(certificate, stopping.signal);
    const ca = readFileSync(authority.caFile, "utf8");
    const bench = { ports, ca, clients, seconds: flags.seconds, stop: stopping.signal };
    const results = await contestAll(flags.probers, config, bench);
    console.log(["", ...resultLines(results)].join("\n"));
    await profileAll(flags.probers, config, bench);
    return judge(results);
  } finally {
    clients.end();
    server.end();
    authority.close();
  }
}

function flagsOf(argv: readonly string[]): Flags | undefined {
  const options = {
    seconds: { type: "string", default: String(SECONDS_OF_RECORD) },
    only: { type: "string", default: PROBERS.join(",") },
  } as const;
  try {
    const { values } = parseArgs({ args: [...argv], options });
    const seconds = Number(values.seconds);
    const wanted = values.only.split(",");
    const probers = PROBERS.filter((name) => wanted.includes(name));
    if (!(seconds >= 1 && seconds <= 60) || probers.length !== wanted.length) return undefined;
    return { seconds, probers };
  } catch {
    return undefined;
  }
}

function heading({ seconds, probers }: Flags): readonly string[] {
  const [cpu] = cpus();
  const lines = [
    `/probe with ${CLIENTS} clients, ${ROUNDS.full} rounds of ${seconds} s, ${new Date().toISOString()}`,
    `Node ${process.version}, Linux ${release()}, ${cpus().length} × ${cpu?.model ?? "CPU"}`,
  ];
  if (seconds !== SECONDS_OF_RECORD || probers.length !== PROBERS.length) {
    lines.push("SHORTENED: not figures of record");
  }
  return [...lines, ""];
}

async function contestAll(
  probers: readonly ProberName[],
  config: string,
  bench: Omit<Bench, "programs">,
): Promise<readonly Result[]> {
  const theirs = await startBlackboxExporter(config);
  try {
    const ours = await startSounder(config);
    try {
      const results: Result[] = [];
      for (const prober of probers) {
        const result = await resultOf(prober, { ...bench, programs: { theirs, ours } });
        const { full } = result;
        console.log(
          `${prober}: ${figure(full.theirs.cpuSecondsPerProbe * 1e6)} µs a probe theirs, ${figure(full.ours.cpuSecondsPerProbe * 1e6)} µs ours`,
        );
        results.push(result);
      }
      return results;
    } finally {
      await ours.stop();
    }
  } finally {
    await theirs.stop();
  }
}

async function resultOf(prober: ProberName, bench: Bench): Promise<Result> {
  const { programs, ports, clients, seconds, stop } = bench;
  const plan = {
    path: (address: string) => pathOf(prober, ports, address),
    warmUpSeconds: WARM_UP_SECONDS,
    seconds,
    rounds: ROUNDS.full,
    perSecond: undefined,
  };
  const full = await contest(programs, plan, clients, stop);
  const slower = Math.min(full.theirs.perSecond, full.ours.perSecond);
  const pacedPerSecond = Math.max(1, Math.floor(slower * PACED_SHARE));
  const pacedPlan = { ...plan, rounds: ROUNDS.paced, perSecond: pacedPerSecond };
  const paced = await contest(programs, pacedPlan, clients, stop);
  const bareTlsCpuSeconds = prober === "https" ? await bareTls(bench) : undefined;
  return { prober, full, paced, pacedPerSecond, bareTlsCpuSeconds };
}

/** CPU of one bare handshake and request, as the median of as many rounds. */
async function bareTls({ ports, ca, seconds, stop }: Bench): Promise<number> {
  const loop = startChild("tls-loop-process");
  try {
    const order = { port: ports.https, ca, clients: CLIENTS };
    await loop.ask<TlsLoopResult>({ ...order, seconds: WARM_UP_SECONDS }, stop);
    const costs: number[] = [];
    for (let round = 0; round < ROUNDS.full; round += 1) {
      const { cpuSeconds, requests } = await loop.ask<TlsLoopResult>({ ...order, seconds }, stop);
      costs.push(cpuSeconds / requests);
    }
    return quantile(costs, 0.5);
  } finally {
    loop.end();
  }
}

async function profileAll(
  probers: readonly ProberName[],
  config: string,
  { ports, clients, stop }: Omit<Bench, "programs">,
): Promise<void> {
  for (const prober of probers) {
    const options = {
      config,
      path: pathOf(prober, ports, PROFILED_ADDRESS),
      seconds: PROFILE_SECONDS,
    };
    const profile = await profileOf(options, clients, stop);
    console.log(["", ...profileLines(prober, profile)].join("\n"));
  }
}

/** @returns the exit code. */
function judge(results: readonly Result[]): number {
  const goals = goalsOf(results);
  console.log(["", ...goalLines(goals)].join("\n"));
  const missed = goals.filter((goal) => !isMet(goal)).length;
  console.log(missed === 0 ? "\nEvery goal is met." : `\nGoals missed: ${missed}.`);
  return missed === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
