import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { createGuard } from "../../policy/guard.ts";
import { createResolver, type Resolver } from "../../resolve/resolver.ts";
import { systemClock } from "../../runtime/clock.ts";
import type { Logger, LogLevel } from "../../runtime/log.ts";
import { setNodeTimer } from "../../schedule/alarm.ts";
import { openSocket } from "../connect.ts";
import { FileCache } from "../file-cache.ts";
import { BodyBudget, MAX_HELD_BYTES } from "../http/body-rules.ts";
import type { ProbeRequest, ProbeTools } from "../probe-request.ts";
import { Regexps } from "../regexps.ts";
import { SYSTEM_ROOT_FILES, TlsContexts } from "../tls/tls-context.ts";
import { LoopLag, setNodeTicker } from "./loop-lag.ts";
import type { FromWorker, StreamOutcome, ToWorker, WorkerStart } from "./messages.ts";
import { OutcomeBatch } from "./outcome-batch.ts";
import { Runner } from "./runner.ts";
import { ProbeStreams } from "./streams.ts";
import { warmUpHttp } from "./warm-up.ts";

/** The probe worker: its event loop, resolver, schedule and probers are nobody else's. */
async function work(port: MessagePort, start: WorkerStart): Promise<void> {
  const post = (message: FromWorker): void => port.postMessage(message);
  const resolver = createResolver({
    options: start.resolver,
    clock: systemClock,
    log: logTo(post),
  });
  const tools = createTools(start, resolver);
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
    resolver.close();
    batch.flush();
    // With the port closed nothing holds the thread once the last probe has been cut.
    port.close();
  };

  port.on("message", (message: ToWorker) => {
    switch (message.kind) {
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

function createTools(start: WorkerStart, resolver: Resolver): ProbeTools {
  const files = new FileCache();
  return {
    clock: systemClock,
    resolve: resolver.fresh,
    guard: createGuard(start.guard),
    open: openSocket,
    files,
    tlsContexts: new TlsContexts({ files, systemRootFiles: SYSTEM_ROOT_FILES }),
    regexps: new Regexps(),
    bodyBudget: new BodyBudget(MAX_HELD_BYTES),
    userAgent: start.userAgent,
  };
}

/** What takes tens of milliseconds once, parsing roots and compiling code, is done before the first probe. */
async function warm(start: WorkerStart, tools: ProbeTools): Promise<void> {
  const modules = Object.values(start.modules).filter(({ prober }) => prober === "http");
  const [first] = modules;
  if (first !== undefined) await warmUpHttp(first, tools);
  for (const { http } of modules) await tools.tlsContexts.get(http.tls_config);
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
