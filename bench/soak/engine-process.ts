/**
 * The process that the soak watches: the engine and the continuous report as the agent runs them, with targets that
 * come and go all the time and a scrape now and then. Its parent tells it what to do by messages.
 */

import { startEngine } from "../../src/icmp/engine.ts";
import { engineOptions, icmpOptions } from "../../src/icmp/options.ts";
import { ContinuousReport } from "../../src/report/continuous.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { silentLog } from "../../src/runtime/log.ts";
import type { SoakReport, SoakRequest } from "./messages.ts";
import { Population } from "./population.ts";

const CHANGE_SECONDS = 1;
/** As Prometheus does by default. */
const SCRAPE_SECONDS = 15;
const BUDGET_PACKETS_PER_SECOND = 50_000;

type Order = SoakRequest & { readonly kind: "start" };

async function start(order: Order): Promise<() => Promise<SoakReport>> {
  const engine = await startEngine({
    engine: engineOptions.parse({ max_packets_per_second: BUDGET_PACKETS_PER_SECOND }),
    log: silentLog,
    onFault: fail,
  });
  if (engine.state !== "running") throw new Error(engine.problem);
  const report = new ContinuousReport({ clock: systemClock });
  const population = new Population({
    engine,
    report,
    clock: systemClock,
    icmp: icmpOptions.parse({ preferred_ip_protocol: "ip4" }),
    addresses: order.addresses,
  });
  population.add(order.active);

  let scrapes = 0;
  let samples = 0;
  const never = new AbortController().signal;
  const scrape = async (): Promise<void> => {
    const written = await report.write(
      { write: () => {} },
      { snapshot: () => engine.snapshot() },
      never,
    );
    scrapes += 1;
    samples = written.samples;
  };
  const change = async (): Promise<void> => {
    await population.removeSettled();
    population.retire(order.changesPerSecond);
    population.add(order.changesPerSecond);
  };
  const stops = [repeat(change, CHANGE_SECONDS), repeat(scrape, SCRAPE_SECONDS)];

  return async () => {
    for (const stop of stops) await stop();
    const hosts = await population.finish();
    const figures = await engine.figures();
    await engine.stop();
    return {
      kind: "finished",
      hosts,
      changes: { added: population.added, removed: population.removed },
      scrapes,
      samples,
      socketDrops: figures.families.reduce((sum, { socketDrops }) => sum + socketDrops, 0),
      missedTicks: figures.missedTicks,
      stampsMissing: figures.stampsMissing,
      foreignPackets: figures.foreignPackets,
    };
  };
}

/** Works again and again, never twice at a time. @returns ends it, and waits for work under way. */
function repeat(work: () => Promise<void>, everySeconds: number): () => Promise<void> {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= work()
      .catch(fail)
      .finally(() => {
        running = undefined;
      });
  }, everySeconds * 1000);
  return async () => {
    clearInterval(timer);
    await running;
  };
}

function tell(report: SoakReport): void {
  process.send?.(report);
}

function fail(error: unknown): void {
  tell({ kind: "failed", problem: error instanceof Error ? (error.stack ?? "") : String(error) });
}

let finish: (() => Promise<SoakReport>) | undefined;

async function obey(request: SoakRequest): Promise<void> {
  switch (request.kind) {
    case "start":
      finish = await start(request);
      tell({ kind: "started" });
      return;
    case "finish":
      if (finish === undefined) throw new Error("Cannot finish what was not started");
      tell(await finish());
      return;
  }
}

process.on("message", (request: SoakRequest) => {
  obey(request).catch(fail);
});
// The parent has all it wanted, or died.
process.once("disconnect", () => process.exit());
