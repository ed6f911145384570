import type { Goal } from "../goal.ts";
import { figure, tableLines } from "../table.ts";
import type { Contest, Figures } from "./measure.ts";
import type { ProberName } from "./modules.ts";
import type { Profile } from "./profile.ts";

/** What one prober showed. */
export type Result = {
  readonly prober: ProberName;
  readonly full: Contest<Figures>;
  readonly paced: Contest<Figures>;
  readonly pacedPerSecond: number;
  /** CPU of a bare handshake with one request; of https alone. */
  readonly bareTlsCpuSeconds: number | undefined;
};

/** The most of blackbox_exporter's CPU per probe that ours may take; https is held against bare TLS. */
const MAX_CPU_SHARE: Readonly<Record<Exclude<ProberName, "https">, number>> = {
  icmp: 1 / 3,
  dns: 1 / 2,
  tcp: 3 / 4,
  http: 9 / 10,
};
const MAX_SHARE_OF_BARE_TLS = 1.25;

/** Parts below this share of a thread are summed up. */
const MIN_PART_SHARE = 0.02;

export function resultLines(results: readonly Result[]): readonly string[] {
  const columns = [
    { title: "prober", align: "left" },
    { title: "who", align: "left" },
    { title: "probes/s", align: "right" },
    { title: "CPU µs/probe", align: "right" },
    { title: "ratio", align: "right" },
    { title: "p50 ms", align: "right" },
    { title: "p99 ms", align: "right" },
    { title: "paced at", align: "right" },
    { title: "p50 ms", align: "right" },
    { title: "p99 ms", align: "right" },
    { title: "failed", align: "right" },
  ] as const;
  const rows = results.flatMap(({ prober, full, paced, pacedPerSecond, bareTlsCpuSeconds }) => [
    ...(["theirs", "ours"] as const).map((side) => [
      prober,
      side === "theirs" ? "blackbox_exporter" : "sounder",
      figure(full[side].perSecond),
      figure(full[side].cpuSecondsPerProbe * 1e6),
      figure(full[side].cpuSecondsPerProbe / full.theirs.cpuSecondsPerProbe, 2),
      figure(full[side].p50Seconds * 1000, 2),
      figure(full[side].p99Seconds * 1000, 2),
      `${figure(pacedPerSecond)}/s`,
      figure(paced[side].p50Seconds * 1000, 2),
      figure(paced[side].p99Seconds * 1000, 2),
      figure(full[side].failures + paced[side].failures),
    ]),
    ...(bareTlsCpuSeconds === undefined
      ? []
      : [[prober, "bare tls.connect", "", figure(bareTlsCpuSeconds * 1e6)]]),
  ]);
  return tableLines(columns, rows);
}

export function goalsOf(results: readonly Result[]): readonly Goal[] {
  return results.flatMap((result) => [
    costGoal(result),
    {
      name: `${result.prober}: p99 at ${figure(result.pacedPerSecond)} probes/s, of blackbox_exporter's`,
      measured: result.paced.ours.p99Seconds / result.paced.theirs.p99Seconds,
      bound: "at most",
      limit: 1,
      unit: "",
      decimals: 2,
    },
    {
      name: `${result.prober}: probes that failed`,
      measured: result.full.ours.failures + result.paced.ours.failures,
      bound: "at most",
      limit: 0,
      unit: "",
      decimals: 0,
    },
  ]);
}

function costGoal({ prober, full, bareTlsCpuSeconds }: Result): Goal {
  const ours = full.ours.cpuSecondsPerProbe;
  const bound = { bound: "at most", unit: "", decimals: 2 } as const;
  if (prober === "https") {
    return {
      ...bound,
      name: "https: CPU per probe, of a bare tls.connect",
      measured: ours / (bareTlsCpuSeconds ?? Number.NaN),
      limit: MAX_SHARE_OF_BARE_TLS,
    };
  }
  return {
    ...bound,
    name: `${prober}: CPU per probe, of blackbox_exporter's`,
    measured: ours / full.theirs.cpuSecondsPerProbe,
    limit: MAX_CPU_SHARE[prober],
  };
}

/** Where the time of the agent's threads goes, in microseconds of a probe. */
export function profileLines(prober: ProberName, { answers, threads }: Profile): readonly string[] {
  const columns = [
    { title: "thread", align: "left" },
    { title: "part", align: "left" },
    { title: "µs/probe", align: "right" },
    { title: "share", align: "right" },
  ] as const;
  const allSeconds = threads.reduce((sum, { busySeconds }) => sum + busySeconds, 0);
  const row = (thread: string, part: string, seconds: number): readonly string[] => [
    thread,
    part,
    figure((seconds / answers) * 1e6, 1),
    `${figure((seconds / allSeconds) * 100, 1)} %`,
  ];
  const rows = threads.flatMap(({ thread, busySeconds, parts }) => {
    const shown = parts.filter(([, seconds]) => seconds >= MIN_PART_SHARE * allSeconds);
    const rest = parts
      .filter((part) => !shown.includes(part))
      .reduce((sum, [, seconds]) => sum + seconds, 0);
    return [
      row(thread, "all", busySeconds),
      ...shown.map(([part, seconds]) => row("", part, seconds)),
      row("", "the rest", rest),
    ];
  });
  return [
    `Where the time goes, ${prober}, under V8's profiler (which slows it down):`,
    "",
    ...tableLines(columns, rows),
  ];
}
