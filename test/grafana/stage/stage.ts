import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../../src/runtime/clock.ts";
import { closeAll } from "../../e2e/blackbox/listening.ts";
import { type Lab, openLab } from "../../netlab/lab.ts";
import { ip } from "../../netlab/network.ts";
import { type AgentProcess, startAgent } from "../../support/agent-process.ts";
import { startPrometheus } from "../../support/prometheus.ts";
import { shippedRules } from "../known-metrics.ts";
import { ACTORS, type Actor, DEAD, NAMELESS, UNREACHABLE } from "./actors.ts";
import { type RangeQuery, rangeQueries } from "./range-query.ts";
import { type Servers, SITES, startServers } from "./servers.ts";
import { shortRules } from "./short-rules.ts";

const DIRECTOR_STEP_SECONDS = 0.5;
/** The agent reads its configuration again, which has not changed. */
const RELOAD_AT = 0.5;

/** A Prometheus that scrapes a real agent in the lab and evaluates the shipped rules with shortened times. */
export type Stage = RangeQuery & {
  /** Unix time. */
  readonly startedAtSeconds: number;
  /** Until then something changes now and then. */
  readonly endsAtSeconds: number;
  readonly agentLog: () => string;
  readonly close: () => Promise<void>;
};

/** @param options.seconds How long the play is; what happens in it keeps its proportions. */
export async function openStage(options: { readonly seconds: number }): Promise<Stage> {
  const closes: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => closeAll([...closes].reverse());
  try {
    const lab = await openLab({ seed: 5, maxRecordedEchoes: 0 });
    closes.push(() => lab.close());
    ip(`route add unreachable ${UNREACHABLE}/32`);
    const sinceSeconds = systemClock.monotonicSeconds();
    const startedAtSeconds = Date.now() / 1000;
    const moment = (): number =>
      Math.min((systemClock.monotonicSeconds() - sinceSeconds) / options.seconds, 1);
    await setHosts(lab, ACTORS, 0);
    const servers = await startServers(moment);
    closes.push(servers.close);
    const agent = await startAgent({ config: configOf(servers) });
    closes.push(async () => {
      await agent.stop();
    });
    const prometheus = await startPrometheusWith(agent, servers);
    closes.push(prometheus.close);
    const director = direct(lab, moment, () => process.kill(agent.processId, "SIGHUP"));
    closes.push(director.stop);
    return {
      ...prometheus.queries,
      startedAtSeconds,
      endsAtSeconds: startedAtSeconds + options.seconds,
      agentLog: agent.stderr,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function setHosts(lab: Lab, actors: readonly Actor[], moment: number): Promise<void> {
  await lab.hosts(
    actors.flatMap(({ addresses, script }) =>
      addresses.map((address) => [address, script(moment)] as const),
    ),
  );
}

/** Gives the hosts their parts, again and again, until the play is over. */
function direct(
  lab: Lab,
  moment: () => number,
  reload: () => void,
): { readonly stop: () => Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const changing = ACTORS.filter(({ isSetOnce = false }) => !isSetOnce);
  const run = async (): Promise<void> => {
    let hasReloaded = false;
    while (!signal.aborted && moment() < 1) {
      if (!hasReloaded && moment() > RELOAD_AT) {
        hasReloaded = true;
        reload();
      }
      await setHosts(lab, changing, moment());
      await sleep(DIRECTOR_STEP_SECONDS * 1000, undefined, { signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** Every JSON text is a YAML text. */
function configOf({ caFile, dnsAddress, services }: Servers): string {
  const web = { prober: "http", timeout: "400ms", http: { tls_config: { ca_file: caFile } } };
  return JSON.stringify({
    modules: {
      echo: { prober: "icmp", timeout: "400ms" },
      web,
      banner: { prober: "tcp", tcp: { query_response: [{ expect: "^220 " }] } },
      look_up: { prober: "dns", dns: { query_name: "www.example.net", query_type: "A" } },
      health: { prober: "grpc" },
      socket: { prober: "websocket", websocket: { query_response: [{ expect: "^hello" }] } },
    },
    resolver: { servers: [dnsAddress], max_ttl: "5s", min_ttl: "1s" },
    defaults: { loss_window: "10s" },
    groups: [
      {
        name: "sites",
        modules: ["echo"],
        interval: "100ms",
        fast_interval: "50ms",
        targets: [...ACTORS.map(({ name }) => name), NAMELESS, UNREACHABLE, DEAD, DEAD],
      },
      {
        name: "shop",
        modules: ["web", "echo"],
        interval: "500ms",
        targets: [SITES.shop, { target: SITES.plain, labels: { slo: "99.9" } }],
      },
      {
        name: "web",
        modules: ["web"],
        interval: "1s",
        targets: [SITES.soon, SITES.moved, SITES.busy, SITES.closed],
      },
      { name: "mail", modules: ["banner"], interval: "1s", targets: [services.tcp] },
      { name: "names", modules: ["look_up"], interval: "1s", targets: [dnsAddress] },
      { name: "rpc", modules: ["health"], interval: "1s", targets: [services.grpc] },
      { name: "chat", modules: ["socket"], interval: "1s", targets: [services.websocket] },
    ],
  });
}

/** What Prometheus asks for by `/probe`: for each module its targets. */
function probedBy({ dnsAddress, services }: Servers): readonly (readonly [string, string[]])[] {
  return [
    ["web", Object.values(SITES)],
    ["echo", ["berlin.example.net", "oslo.example.net", DEAD]],
    ["look_up", [dnsAddress]],
    ["health", [services.grpc]],
    ["socket", [services.websocket]],
    // Policy refuses what is no target of a group.
    ["banner", [services.tcp, "192.0.2.25:25"]],
    ["unheard_of", ["192.0.2.1"]],
  ];
}

function scrapeConfigsOf(agent: AgentProcess, servers: Servers): string {
  const address = new URL(agent.url).host;
  const probes = probedBy(servers).map(([module, targets]) => ({
    job_name: `probe-${module}`,
    metrics_path: "/probe",
    params: { module: [module] },
    static_configs: [{ targets }],
    relabel_configs: [
      { source_labels: ["__address__"], target_label: "__param_target" },
      { source_labels: ["__param_target"], target_label: "instance" },
      { target_label: "__address__", replacement: address },
    ],
  }));
  const continuous = { job_name: "sounder", static_configs: [{ targets: [address] }] };
  return [continuous, ...probes].map((job) => `  - ${JSON.stringify(job)}\n`).join("");
}

async function startPrometheusWith(agent: AgentProcess, servers: Servers) {
  const folder = mkdtempSync(join(tmpdir(), "sounder-rules-"));
  const files = [...shippedRules()].map(([name, text]) => {
    const file = join(folder, name);
    writeFileSync(file, shortRules(text));
    return file;
  });
  const rules = `rule_files: ${JSON.stringify(files)}\n`;
  const prometheus = await startPrometheus(`${scrapeConfigsOf(agent, servers)}${rules}`);
  return {
    queries: rangeQueries(prometheus),
    close: async () => {
      await prometheus.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
