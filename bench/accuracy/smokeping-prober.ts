import { setTimeout as sleep } from "node:timers/promises";
import { sumOf } from "../counters.ts";
import { type FarNetwork, farAddresses } from "../far-network.ts";
import { startCapture } from "./capture.ts";
import { type Outcome, wireFigures } from "./outcome.ts";
import { startPeer } from "./peer-process.ts";
import { type CumulativeBucket, histogramQuantile } from "./statistics.ts";

/** With that many it takes all of two processor cores (measured), so more would only be waited for. */
export const MAX_SMOKEPING_TARGETS = 1_000;

/** Runs smokeping_prober with one echo a second to every target; what it reports is in its histogram. */
export async function measureSmokepingProber(
  run: { readonly network: FarNetwork; readonly targets: number; readonly seconds: number },
  stop: AbortSignal,
): Promise<Outcome> {
  stop.throwIfAborted();
  const targets = Math.min(run.targets, MAX_SMOKEPING_TARGETS);
  const addresses = farAddresses(targets);
  const capture = await startCapture(run.network);
  try {
    const prober = await startPeer(
      "prometheus-smokeping-prober",
      JSON.stringify({
        targets: [{ hosts: addresses, interval: "1s", network: "ip4", protocol: "icmp" }],
      }),
      stop,
    );
    let text: string;
    try {
      await sleep(run.seconds * 1000, undefined, { signal: stop });
      text = await prober.scrape();
    } finally {
      await prober.stop();
    }
    const truth = await capture.stop(addresses);
    const requests = sumOf(text, "smokeping_requests_total");
    const answers = sumOf(text, "smokeping_response_duration_seconds_count");
    return {
      who: "smokeping_prober",
      condition: "idle",
      targets,
      wire: wireFigures(truth),
      reported: {
        echoes: requests,
        unanswered: Math.max(requests - answers, 0),
        meanSeconds: sumOf(text, "smokeping_response_duration_seconds_sum") / answers,
        p99Seconds: histogramQuantile(bucketsOf(text), 0.99),
      },
    };
  } finally {
    await capture.discard();
  }
}

/** Those of all targets together. */
function bucketsOf(text: string): readonly CumulativeBucket[] {
  const counts = new Map<number, number>();
  const line = /^smokeping_response_duration_seconds_bucket\{[^\n]*le="([^"]+)"[^\n]*\} (\S+)$/gm;
  for (const [, bound = "", value] of text.matchAll(line)) {
    const upTo = Number(bound.replace("+Inf", "Infinity"));
    counts.set(upTo, (counts.get(upTo) ?? 0) + Number(value));
  }
  return [...counts]
    .map(([upTo, count]) => ({ upTo, count }))
    .sort((one, other) => one.upTo - other.upTo);
}
