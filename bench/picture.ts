/**
 * Draws `docs/images/prometheus.png`: the agent measures scripted hosts in the net lab and a slow web
 * server, a real Prometheus scrapes it, and Chromium photographs Prometheus' own graphs.
 *
 * Needs root, and Debian's packages prometheus, chromium, openssl and fonts-dejavu.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../src/runtime/clock.ts";
import { canRunLab } from "../test/netlab/can-run.ts";
import type { Lab } from "../test/netlab/lab.ts";
import type { HostScript } from "../test/netlab/script.ts";
import { withLab } from "../test/netlab/with-lab.ts";
import { createAuthority } from "../test/probe/certificates.ts";
import { startAgent } from "../test/support/agent-process.ts";
import { startDnsServer } from "../test/support/dns-server.ts";
import { packageRoot } from "../test/support/golden.ts";
import { prometheusMissing, startPrometheus } from "../test/support/prometheus.ts";

const FILM_SECONDS = 240;
/** What is left out at the start: rates need a few scrapes. */
const LEAD_IN_SECONDS = 20;
const DIRECTOR_STEP_SECONDS = 1;
const WEB_PORT = 443;
const DNS_DELAY_SECONDS = 0.008;
const WINDOW = { width: 1120, height: 940, scale: 1.5 };
const CHROMIUM_LIMIT_SECONDS = 60;

/** A bell between two moments: 0 outside, 1 in the middle. */
function bell(seconds: number, from: number, to: number): number {
  if (seconds <= from || seconds >= to) return 0;
  return Math.sin((Math.PI * (seconds - from)) / (to - from)) ** 2;
}

function isBetween(seconds: number, from: number, to: number): boolean {
  return seconds >= from && seconds < to;
}

type Actor = {
  readonly name: string;
  readonly address: string;
  readonly script: (seconds: number) => HostScript;
};

/** One host is steady, one becomes slow for a while, one loses bursts. */
const ACTORS: readonly Actor[] = [
  {
    name: "berlin.example.net",
    address: "10.77.0.1",
    script: () => ({ delaySeconds: 0.011, jitterSeconds: 0.0015 }),
  },
  {
    name: "lisbon.example.net",
    address: "10.77.0.2",
    script: (seconds) => ({
      delaySeconds: 0.024 + 0.034 * bell(seconds, 50, 170),
      jitterSeconds: 0.003 + 0.012 * bell(seconds, 50, 170),
    }),
  },
  {
    name: "oslo.example.net",
    address: "fd77::3",
    script: (seconds) => ({
      delaySeconds: 0.04,
      jitterSeconds: 0.004,
      loss: { probability: lossOf(seconds) },
    }),
  },
];

function lossOf(seconds: number): number {
  if (isBetween(seconds, 80, 95)) return 0.3;
  return isBetween(seconds, 150, 185) ? 0.75 : 0;
}

const CONFIG = `
modules:
  echo: {prober: icmp, timeout: 500ms}
  web: {prober: http, timeout: 400ms, http: {tls_config: {ca_file: CA_FILE}}}
groups:
  - name: sites
    modules: [echo]
    interval: 250ms
    targets: [${ACTORS.map(({ name }) => name).join(", ")}]
  - name: shop
    modules: [web]
    interval: 500ms
    targets: ["https://shop.example.net/"]
resolver: {servers: ["DNS_SERVER"], max_ttl: 5s}
`;

/** Slow to begin, then slow to end: first the processing takes longer, later the transfer. */
function answerSlowly(response: ServerResponse, seconds: number): void {
  const processing = 0.03 + 0.08 * bell(seconds, 60, 130);
  const transfer = 0.015 + 0.09 * bell(seconds, 140, 215);
  setTimeout(() => {
    response.write("the first half of a page, ");
    setTimeout(() => response.end("and the second"), transfer * 1000);
  }, processing * 1000);
}

async function direct(lab: Lab, sinceSeconds: number): Promise<void> {
  for (;;) {
    const seconds = systemClock.monotonicSeconds() - sinceSeconds;
    if (seconds > FILM_SECONDS) return;
    await lab.hosts(ACTORS.map(({ address, script }) => [address, script(seconds)] as const));
    await sleep(DIRECTOR_STEP_SECONDS * 1000);
  }
}

/** Chromium fetches nothing of its own here: the lab leads nowhere. */
function photograph(url: string, file: string): Promise<void> {
  const profile = mkdtempSync(join(tmpdir(), "sounder-chromium-"));
  const child = spawn(
    "chromium",
    [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--hide-scrollbars",
      `--user-data-dir=${profile}`,
      `--force-device-scale-factor=${WINDOW.scale}`,
      `--window-size=${WINDOW.width},${WINDOW.height}`,
      "--virtual-time-budget=15000",
      `--screenshot=${file}`,
      url,
    ],
    { stdio: ["ignore", "ignore", "pipe"], timeout: CHROMIUM_LIMIT_SECONDS * 1000 },
  );
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-10_000);
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      rmSync(profile, { recursive: true, force: true });
      if (code === 0) resolve();
      else reject(new Error(`Cannot draw the picture: chromium ended with ${code}\n${stderr}`));
    });
  });
}

async function film(lab: Lab, file: string): Promise<void> {
  const authority = createAuthority();
  const site = authority.issue({
    name: "shop",
    subject: "/CN=shop.example.net",
    names: "DNS:shop.example.net",
  });
  const dns = await startDnsServer(({ name, type }) => {
    if (name === "shop.example.net") {
      return { kind: "records", addresses: ["127.0.0.1"], delaySeconds: DNS_DELAY_SECONDS };
    }
    const actor = ACTORS.find((known) => known.name === name);
    if (actor === undefined) return { kind: "nxdomain" };
    const isOfType = actor.address.includes(":") === (type === "AAAA");
    return { kind: "records", addresses: isOfType ? [actor.address] : [] };
  });
  const sinceSeconds = systemClock.monotonicSeconds();
  const web = createServer({ cert: site.cert, key: site.key }, (_request, response) =>
    answerSlowly(response, systemClock.monotonicSeconds() - sinceSeconds),
  );
  await new Promise<void>((resolve) => web.listen(WEB_PORT, "127.0.0.1", resolve));
  const agent = await startAgent({
    config: CONFIG.replace("CA_FILE", authority.caFile).replace("DNS_SERVER", dns.address),
  });
  const prometheus = await startPrometheus(
    `  - job_name: sounder\n    static_configs: [{targets: ["${new URL(agent.url).host}"]}]\n`,
    [`--web.console.templates=${join(packageRoot(), "docs/images")}`],
  );
  try {
    await direct(lab, sinceSeconds);
    const range = { duration: FILM_SECONDS - LEAD_IN_SECONDS, endTime: 0 };
    const hash = `pctc${encodeURIComponent(JSON.stringify(range))}`;
    await photograph(`${prometheus.url}/consoles/console.html#${hash}`, file);
  } finally {
    await prometheus.stop();
    await agent.stop();
    await new Promise((resolve) => web.close(resolve));
    await dns.close();
    authority.close();
  }
}

const missing = (await canRunLab()) ?? prometheusMissing();
if (missing === undefined) {
  const file = join(packageRoot(), "docs/images/prometheus.png");
  await withLab({ seed: 11 }, (lab) => film(lab, file));
  process.stdout.write(`${file}\n`);
} else {
  process.stderr.write(`Cannot draw the picture: ${missing}\n`);
  process.exitCode = 1;
}
