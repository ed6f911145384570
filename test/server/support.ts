import { type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import type { Config } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { createGuard } from "../../src/policy/guard.ts";
import type { Module } from "../../src/probe/module.ts";
import { moduleOptions } from "../../src/probe/module.ts";
import type { ProbeOutcome } from "../../src/probe/prober.ts";
import { ProbeHistory } from "../../src/report/probe-history.ts";
import { silentLog } from "../../src/runtime/log.ts";
import type { ApiService } from "../../src/server/api-routes.ts";
import { type AppDeps, createApp } from "../../src/server/app.ts";
import { type Listening, type ListenLimits, listen } from "../../src/server/listen.ts";
import type { OnDemandProbe, ProbeService } from "../../src/server/probe-service.ts";
import { fakeClock } from "../support/fake-clock.ts";

export type Counts = { unknownModules: number; readonly refusals: string[] };

export type FakeProbes = ProbeService & {
  readonly counts: Counts;
  /** Every probe that was run, in order. */
  readonly ran: OnDemandProbe[];
  /** Every probe that was kept, in order, with how it ended. */
  readonly kept: (readonly [OnDemandProbe, ProbeOutcome])[];
};

const MODULES: Readonly<Record<string, Module>> = {
  http_2xx: moduleOptions.parse({ prober: "http" }),
  http_host: moduleOptions.parse({
    prober: "http",
    http: { headers: { hOst: "www.example.net" } },
  }),
  slow: moduleOptions.parse({ prober: "http", timeout: "30s" }),
  icmp: moduleOptions.parse({ prober: "icmp", timeout: "2s" }),
  tcp_tls: moduleOptions.parse({ prober: "tcp", tcp: { tls: true } }),
  tcp_named: moduleOptions.parse({
    prober: "tcp",
    tcp: { tls: true, tls_config: { server_name: "mail.example.net" } },
  }),
};

export const SUCCEEDED: ProbeOutcome = {
  kind: "succeeded",
  durationSeconds: 0.25,
  finishedAtSeconds: 1_700_000_000,
  address: { text: "192.0.2.1", family: "ipv4" },
  lookupSeconds: 0,
  facts: {
    protocol: "icmp",
    phases: { resolve: 0, setup: 0, rtt: 0.25 },
    replyHopLimit: 64,
  },
  isDisturbed: false,
  log: [],
};

/** Admits all but `refused.example.net`, and answers at once. */
export function fakeProbes(changes: Partial<ProbeService> = {}): FakeProbes {
  const counts: Counts = { unknownModules: 0, refusals: [] };
  const ran: OnDemandProbe[] = [];
  const kept: FakeProbes["kept"] = [];
  return {
    modules: () => MODULES,
    timeoutOffsetSeconds: 0.5,
    maxConcurrent: () => 1000,
    admit: ({ target }) =>
      target === "refused.example.net"
        ? { kind: "refused", rule: "targets", sentence: "it is in no group" }
        : { kind: "admitted", permit: { kind: "deny_only" } },
    run: async (probe) => {
      ran.push(probe);
      return SUCCEEDED;
    },
    page: (outcome, { timeoutSeconds }) =>
      `probe_success ${outcome.kind === "succeeded" ? 1 : 0}\nprobe_timeout_seconds ${timeoutSeconds}\n`,
    debugPage: (_outcome, { target }) => `Logs for the probe of ${target}\n`,
    keep: (outcome, probe) => kept.push([probe, outcome]),
    countUnknownModule: () => {
      counts.unknownModules += 1;
    },
    countRefusal: (rule) => counts.refusals.push(rule),
    ...changes,
    counts,
    ran,
    kept,
  };
}

/** A refusal as the probe worker reports it: by the real guard. */
export function refusedOutcome(address: string): ProbeOutcome {
  const guard = createGuard({ deny: ["metadata"], listen: [] });
  const verdict = guard({ address, port: 80, host: address }, { kind: "deny_only" }, true);
  if (verdict.kind === "allowed") throw new Error(`${address} is allowed`);
  const { sentence, rule } = verdict;
  return {
    ...SUCCEEDED,
    kind: "failed",
    reason: "policy_refused",
    detail: sentence,
    policyRule: rule,
  };
}

/** Shows no target, and answers every ping of 192.0.2.1 with echoes of 20 ms. */
export function fakeApi(changes: Partial<ApiService> = {}): ApiService {
  return {
    targets: async function* () {},
    ping: async ({ count }) => ({
      kind: "pinged",
      address: { text: "192.0.2.1", family: "ipv4" },
      echoes: Array.from({ length: count }, () => ({
        kind: "answered",
        rttSeconds: 0.02,
        hopLimit: 57,
      })),
    }),
    ...changes,
  };
}

const SMALL_CONFIG = configOf("modules: {icmp: {prober: icmp, timeout: 2s}}");

/** @throws with the problems of a text that is no configuration. */
export function configOf(text: string): Config {
  const parsed = parseConfig(text);
  if (parsed.ok) return parsed.value;
  throw new Error(parsed.problems.map(({ message }) => message).join("\n"));
}

export type Served = Listening & { readonly port: number };

/** The app with fake parts on a port of 127.0.0.1; closed at the end of the scope. */
export async function serve(
  changes: Partial<AppDeps> = {},
  limits: Partial<ListenLimits> = {},
): Promise<Served & AsyncDisposable> {
  const handler = createApp({
    log: silentLog,
    metrics: async (sink) => sink.write("sounder_build_info 1\n"),
    probe: fakeProbes(),
    api: fakeApi(),
    isReady: () => ({ ready: true, reason: "" }),
    landing: () => ({
      version: "0.1.0",
      policyMode: "any",
      modules: Object.keys(MODULES),
      groupCount: 1,
      targetCount: 3,
    }),
    configuration: () => ({ config: SMALL_CONFIG, policyMode: "any" }),
    history: new ProbeHistory(100),
    reload: undefined,
    web: { routePrefix: "", externalUrl: undefined },
    clock: fakeClock(),
    ...changes,
  });
  const listenAddresses = ["127.0.0.1:0"];
  const listening = await listen({ listenAddresses, handler, log: silentLog, limits });
  const port = listening.addresses[0]?.port ?? 0;
  return { ...listening, port, [Symbol.asyncDispose]: listening.close };
}

export type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly body: string;
};

/** One request on a connection of its own. Rejects when the connection is cut before the end. */
export function ask(
  port: number,
  path: string,
  options: { readonly method?: string; readonly headers?: Record<string, string | string[]> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port, path, agent: false, ...options },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const bytes = Buffer.concat(chunks);
          const status = response.statusCode ?? 0;
          resolve({ status, headers: response.headers, bytes, body: bytes.toString("utf8") });
        });
      },
    );
    sent.on("error", reject);
    sent.end();
  });
}

/** Bytes as they are on a connection; what came until the server closed it. */
export function askRaw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    let received = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      received += chunk;
    });
    // A reset after the answer is an end too: the server does not read what it has refused.
    socket.on("error", () => {});
    socket.on("close", () => resolve(received));
    socket.write(text, "latin1");
  });
}

/** A promise that is opened from outside. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
