import { type Agent, startAgent } from "../agent.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { loadConfigAside } from "../config/load-aside.ts";
import { formatProblem } from "../config/problem.ts";
import { ConfigWatch, readConfigFile } from "../config/watch.ts";
import { systemClock } from "../runtime/clock.ts";
import { createLogger, type Logger } from "../runtime/log.ts";
import { setNodeTimer } from "../schedule/alarm.ts";
import { handedSockets } from "../server/systemd-socket.ts";
import { check } from "./check.ts";
import { parseRunFlags, RUN_HELP, type RunFlags } from "./run-flags.ts";
import { connectServiceManager, type ServiceManager } from "./run-service-manager.ts";
import { compileForSpeed } from "./speed.ts";
import { EXIT, type Terminal } from "./terminal.ts";

const STOP_SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** `sounder run`: returns its exit code once the agent has stopped. */
export async function run(argv: readonly string[], io: Terminal): Promise<number> {
  const parsed = parseRunFlags(argv);
  switch (parsed.kind) {
    case "help":
      io.stdout(RUN_HELP);
      return EXIT.fine;
    case "wrong":
      io.stderr(`sounder run: ${parsed.sentence}\nTry "sounder run --help".\n`);
      return EXIT.wrongUse;
    case "run":
      break;
  }
  const { flags } = parsed;
  if (flags.isCheckOnly) return check([flags.configFile], io);

  const sockets = flags.isSystemdSocket ? handedSockets(process.env, process.pid) : undefined;
  if (sockets?.kind === "none") {
    io.stderr(`sounder run: Cannot listen by --web.systemd-socket: ${sockets.problem}\n`);
    return EXIT.failed;
  }
  const listenAddresses = sockets?.listenAddresses ?? flags.listenAddresses;

  const loaded = await loadConfig(flags.configFile);
  if (!loaded.ok) {
    for (const problem of loaded.problems)
      io.stderr(formatProblem(flags.configFile, problem, loaded.text));
    return EXIT.failed;
  }
  return runAgent({ config: loaded.value, text: loaded.text }, { ...flags, listenAddresses }, io);
}

async function runAgent(
  { config, text }: { readonly config: Config; readonly text: string | undefined },
  flags: RunFlags,
  io: Terminal,
): Promise<number> {
  const { logLevel: level, logFormat: format } = flags;
  const log = createLogger({ level, format, clock: systemClock, write: io.stderr });
  const ending = new Ending();
  const manager = await connectServiceManager(process.env, log);
  const hangUps = new HangUps(log, manager);
  let watch: ConfigWatch | undefined;
  try {
    const agent = await startAgent({
      config,
      configText: text,
      source: { name: flags.configFile, load: () => loadConfigAside(flags.configFile) },
      listenAddresses: flags.listenAddresses,
      timeoutOffsetSeconds: flags.timeoutOffsetSeconds,
      web: flags.web,
      onDemand: {
        historyLimit: flags.historyLimit,
        probeLog: { level: flags.probeLogLevel, format },
        writeLog: io.stderr,
      },
      clock: systemClock,
      log,
      isDebug: level === "debug",
      onFault: (error) => {
        const cause = error.cause instanceof Error ? error.cause.stack : undefined;
        log.error("a part of the agent died", { error: error.message, stack: error.stack, cause });
        ending.end(EXIT.failed);
      },
    });
    compileForSpeed();
    hangUps.serve(agent);
    watch = watchFile(agent, flags, text, log);
    await manager.ready();
    const code = await ending.code;
    log.info("stopping");
    watch?.stop();
    await Promise.all([manager.stopping(), agent.stop()]);
    return code;
  } catch (error) {
    log.error(error instanceof Error ? error.message : String(error));
    return EXIT.failed;
  } finally {
    watch?.stop();
    hangUps.close();
    ending.close();
  }
}

function watchFile(
  { reload }: Agent,
  { configFile, autoReloadSeconds }: RunFlags,
  text: string | undefined,
  log: Logger,
): ConfigWatch | undefined {
  if (autoReloadSeconds === undefined || reload === undefined) return undefined;
  return new ConfigWatch({
    intervalSeconds: autoReloadSeconds,
    setTimer: setNodeTimer,
    read: () => readConfigFile(configFile),
    inForce: text ?? "",
    reload,
    log,
  });
}

/** Resolves once: at a stop signal with 0, or when something ends the agent with its code. */
class Ending {
  readonly code: Promise<number>;
  end: (code: number) => void = () => {};
  readonly #onSignal = (): void => this.end(EXIT.fine);

  constructor() {
    this.code = new Promise((resolve) => {
      this.end = resolve;
    });
    for (const signal of STOP_SIGNALS) process.on(signal, this.#onSignal);
  }

  close(): void {
    for (const signal of STOP_SIGNALS) process.off(signal, this.#onSignal);
  }
}

/** Has the file read again at SIGHUP. One that comes before the agent runs is obeyed when it does. */
class HangUps {
  readonly #log: Logger;
  readonly #manager: ServiceManager;
  #agent: Agent | undefined;
  #isAwaited = false;
  readonly #onSignal = (): void => {
    if (this.#agent === undefined) this.#isAwaited = true;
    else void this.#reload(this.#agent);
  };

  constructor(log: Logger, manager: ServiceManager) {
    this.#log = log;
    this.#manager = manager;
    process.on("SIGHUP", this.#onSignal);
  }

  serve(agent: Agent): void {
    this.#agent = agent;
    if (this.#isAwaited) void this.#reload(agent);
  }

  close(): void {
    process.off("SIGHUP", this.#onSignal);
  }

  /** What became of it is in the log already, unless the agent is at fault. */
  async #reload({ reload }: Agent): Promise<void> {
    if (reload === undefined) return;
    await this.#manager.reloading();
    try {
      await reload();
    } catch (error) {
      this.#log.error("Cannot reload the configuration", {
        error: error instanceof Error ? error.message : String(error),
      });
    }
    await this.#manager.ready();
  }
}
