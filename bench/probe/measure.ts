import { quantile } from "../accuracy/statistics.ts";
import { cpuSecondsOf } from "../process-cost.ts";
import type { Child } from "./child.ts";
import type { LoadOrder, LoadResult } from "./messages.ts";
import type { Program } from "./programs.ts";

export const CLIENTS = 16;

/** One program under one load, over some rounds: medians. */
export type Figures = {
  readonly perSecond: number;
  /** User and system time of all threads. */
  readonly cpuSecondsPerProbe: number;
  readonly p50Seconds: number;
  readonly p99Seconds: number;
  readonly failures: number;
};

/**
 * Another address of the loopback network for each measurement: a closed connection keeps its pair of ports for a
 * minute, and thousands a second would use them up, for the next who is measured.
 */
function freshAddress(): string {
  lastAddress += 1;
  return `127.0.${1 + Math.floor(lastAddress / MAX_LAST_BYTE)}.${1 + (lastAddress % MAX_LAST_BYTE)}`;
}

const MAX_LAST_BYTE = 250;
let lastAddress = 0;

type Round = LoadResult & { readonly cpuSeconds: number };

/** Both programs, probed at the same thing. */
export type Contest<T> = { readonly theirs: T; readonly ours: T };

export type LoadPlan = {
  /** Asked for by an address of the servers. */
  readonly path: (address: string) => string;
  readonly rounds: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly perSecond: number | undefined;
};

/** Loads one after the other, again and again: what disturbs the machine for a while disturbs both. */
export async function contest(
  programs: Contest<Program>,
  plan: LoadPlan,
  clients: Child,
  stop: AbortSignal,
): Promise<Contest<Figures>> {
  const rounds: Contest<Round[]> = { theirs: [], ours: [] };
  for (let round = 0; round < plan.rounds; round += 1) {
    for (const side of ["theirs", "ours"] as const) {
      rounds[side].push(await measure(programs[side], plan, clients, stop));
    }
  }
  return { theirs: figuresOf(rounds.theirs), ours: figuresOf(rounds.ours) };
}

async function measure(
  program: Program,
  plan: LoadPlan,
  clients: Child,
  stop: AbortSignal,
): Promise<Round> {
  const order: LoadOrder = {
    port: program.port,
    path: plan.path(freshAddress()),
    clients: CLIENTS,
    seconds: plan.seconds,
    perSecond: plan.perSecond,
  };
  await clients.ask<LoadResult>({ ...order, seconds: plan.warmUpSeconds }, stop);
  const before = cpuSecondsOf(program.processId);
  const result = await clients.ask<LoadResult>(order, stop);
  return { ...result, cpuSeconds: cpuSecondsOf(program.processId) - before };
}

function figuresOf(rounds: readonly Round[]): Figures {
  const median = (of: (round: Round) => number): number => quantile(rounds.map(of), 0.5);
  return {
    perSecond: median(({ answers, seconds }) => answers / seconds),
    cpuSecondsPerProbe: median(({ cpuSeconds, answers }) => cpuSeconds / answers),
    p50Seconds: median(({ p50Seconds }) => p50Seconds),
    p99Seconds: median(({ p99Seconds }) => p99Seconds),
    failures: rounds.reduce((sum, { failures }) => sum + failures, 0),
  };
}
