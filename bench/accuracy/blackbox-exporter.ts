import { setTimeout as sleep } from "node:timers/promises";
import { type FarNetwork, farAddresses } from "../far-network.ts";
import { startCapture } from "./capture.ts";
import { type Outcome, reportedFigures, wireFigures } from "./outcome.ts";
import { startPeer } from "./peer-process.ts";
import { startProbeClients } from "./probe-clients.ts";

const CLIENTS = 16;
const CONFIG = "modules: {icmp: {prober: icmp, timeout: 2s, icmp: {preferred_ip_protocol: ip4}}}";

/** Asks blackbox_exporter for every target once a second, or as often as sixteen clients get answers. */
export async function measureBlackboxExporter(
  run: { readonly network: FarNetwork; readonly targets: number; readonly seconds: number },
  stop: AbortSignal,
): Promise<Outcome> {
  stop.throwIfAborted();
  const addresses = farAddresses(run.targets);
  const capture = await startCapture(run.network);
  try {
    const rttSeconds: number[] = [];
    let unanswered = 0;
    const exporter = await startPeer("prometheus-blackbox-exporter", CONFIG, stop);
    try {
      const clients = startProbeClients({
        urls: addresses.map((address) => `${exporter.url}/probe?module=icmp&target=${address}`),
        clients: CLIENTS,
        roundSeconds: 1,
        onAnswer: (body) => {
          const rtt = /^probe_icmp_duration_seconds\{phase="rtt"\} (\S+)$/m.exec(body)?.[1];
          if (/^probe_success 1$/m.test(body)) rttSeconds.push(Number(rtt));
          else unanswered += 1;
        },
      });
      try {
        await sleep(run.seconds * 1000, undefined, { signal: stop });
      } finally {
        await clients.stop();
      }
    } finally {
      await exporter.stop();
    }
    const truth = await capture.stop(addresses);
    return {
      who: "blackbox_exporter",
      condition: `${CLIENTS} clients`,
      targets: run.targets,
      wire: wireFigures(truth),
      reported: reportedFigures(rttSeconds, unanswered),
    };
  } finally {
    await capture.discard();
  }
}
