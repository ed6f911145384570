import { isDeepStrictEqual } from "node:util";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { createGuard } from "../../policy/guard.ts";
import type { Guard } from "../../policy/verdict.ts";
import type { Resolve } from "../../resolve/resolution.ts";
import { createResolver, type Resolver } from "../../resolve/resolver.ts";
import { systemClock } from "../../runtime/clock.ts";
import type { Logger, LogLevel } from "../../runtime/log.ts";
import { setNodeTimer } from "../../schedule/alarm.ts";
import { CelExpressions } from "../cel/cel.ts";
import { openSocket } from "../connect.ts";
import { FileCache } from "../file-cache.ts";
import { BodyBudget, MAX_HELD_BYTES } from "../http/body-rules.ts";
import { Oauth2Tokens } from "../http/oauth2-tokens.ts";
import type { ProbeRequest, ProbeTools } from "../probe-request.ts";
import { Regexps } from "../regexps.ts";
import { SYSTEM_ROOT_FILES, TlsContexts } from "../tls/tls-context.ts";
import { LoopLag, setNodeTicker } from "./loop-lag.ts";
import type {
  FromWorker,
  StreamOutcome,
  ToWorker,
  WorkerSettings,
  WorkerStart,
} from "./messages.ts";
import { OutcomeBatch } from "./outcome-batch.ts";
import { Runner } from "./runner.ts";
import { ProbeStreams } from "./streams.ts";
import { tlsOptionsOf, warmUpHttp } from "./warm-up.ts";

/** The probe worker: its event loop, resolver, schedule and probers are nobody else's. */
async function work(port: MessagePort, start: WorkerStart): Promise<void> {
  const post = (message: FromWorker): void => port.postMessage(message);
  const inForce = new SettingsInForce(start, logTo(post));
  const tools = createTools(start.userAgent, inForce);
  const lag = new LoopLag({ clock: systemClock, setTicker: setNodeTicker });
  const runner = new Runner({ tools, lag });
  const batch = new OutcomeBatch<StreamOutcome>({
    setTimer: setNodeTimer,
    send: (outcomes) => post({ kind: "outcomes", batch: outcomes }),
  });
  const streams = new ProbeStreams({
    modules: start.modules,
    maxConcurrent: start.maxConcurrent,
    tools,
    setTimer: setNodeTimer,
    run: (prober, request, signal) => runner.run(prober, request, signal),
    onOutcome: (outcome) => batch.add(outcome),
  });
  const onDemand = new Map<number, AbortController>();

  const probe = async (id: number, request: ProbeRequest): Promise<void> => {
    const { prober } = request.module;
    if (prober === "icmp") throw new Error("Cannot probe with icmp here: the engine does that");
    const caller = new AbortController();
    onDemand.set(id, caller);
    const outcome = await runner.run(prober, request, caller.signal);
    onDemand.delete(id);
    post({ kind: "probed", id, outcome });
  };

  const stop = (): void => {
    streams.stop();
    for (const caller of onDemand.values()) caller.abort();
    inForce.close();
    batch.flush();
    // With the port closed nothing holds the thread once the last probe has been cut.
    port.close();
  };

  port.on("message", (message: ToWorker) => {
    switch (message.kind) {
      case "configure":
        inForce.set(message.settings);
        return streams.configure(message.settings);
      case "add":
        return streams.add(message.stream);
      case "remove":
        return streams.remove(message.number);
      case "probe":
        return void probe(message.id, message.request);
      case "cancel":
        return onDemand.get(message.id)?.abort();
      case "figures": {
        const { inFlight, disturbed } = runner;
        const { missedTicks, waiting } = streams;
        const figures = { inFlight, disturbed, missedTicks, waiting };
        return post({ kind: "figures", id: message.id, figures });
      }
      case "stop":
        return stop();
    }
  });
  await warm(start, tools);
  post({ kind: "ready" });
}

/** The settings a reload replaces, behind the tools that probes under way hold. */
class SettingsInForce {
  readonly #log: Logger;
  #settings: WorkerSettings;
  #resolver: Resolver;
  #guard: Guard;

  constructor(settings: WorkerSettings, log: Logger) {
    this.#log = log;
    this.#settings = settings;
    this.#resolver = this.#createResolver(settings);
    this.#guard = createGuard(settings.guard);
  }

  set(settings: WorkerSettings): void {
    // The one before is not closed: probes under way may wait for it, and idle it holds nothing.
    if (!isDeepStrictEqual(settings.resolver, this.#settings.resolver)) {
      this.#resolver = this.#createResolver(settings);
    }
    this.#guard = createGuard(settings.guard);
    this.#settings = settings;
  }

  readonly resolve: Resolve = (name, signal) => this.#resolver.fresh(name, signal);
  readonly guard: Guard = (hop, permit, isFirst) => this.#guard(hop, permit, isFirst);

  close(): void {
    this.#resolver.close();
  }

  #createResolver({ resolver }: WorkerSettings): Resolver {
    return createResolver({ options: resolver, clock: systemClock, log: this.#log });
  }
}

function createTools(userAgent: string, { resolve, guard }: SettingsInForce): ProbeTools {
  const files = new FileCache(systemClock);
  return {
    clock: systemClock,
    resolve,
    guard,
    open: openSocket,
    files,
    tlsContexts: new TlsContexts({ files, clock: systemClock, systemRootFiles: SYSTEM_ROOT_FILES }),
    regexps: new Regexps(),
    celExpressions: new CelExpressions(),
    bodyBudget: new BodyBudget(MAX_HELD_BYTES),
    oauth2Tokens: new Oauth2Tokens(systemClock),
    environment: () => process.env,
    userAgent,
  };
}

/** What takes tens of milliseconds once, parsing roots and compiling code, is done before the first probe. */
async function warm(start: WorkerStart, tools: ProbeTools): Promise<void> {
  const modules = Object.values(start.modules);
  const http = modules.find(({ prober }) => prober === "http");
  if (http !== undefined) await warmUpHttp(http, tools);
  for (const options of modules.map(tlsOptionsOf)) {
    if (options !== undefined) await tools.tlsContexts.get(options);
  }
}

function logTo(post: (message: FromWorker) => void): Logger {
  const at =
    (level: LogLevel): Logger[LogLevel] =>
    (message, fields = {}) =>
      post({ kind: "log", level, message, fields });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

if (parentPort === null)
  throw new Error("Cannot run the probe worker: it is a worker thread's file");
await work(parentPort, workerData as WorkerStart);
