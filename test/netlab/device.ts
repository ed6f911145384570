import { closeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type {
  Answers,
  Command,
  NumberedAnswer,
  NumberedCommand,
  ResponderStart,
} from "./commands.ts";
import type { Kernel } from "./kernel.ts";
import { connect, deviceDrops, openDevice } from "./network.ts";
import type { HostRecord, LabTotals } from "./record.ts";
import { checkScript, type HostScript } from "./script.ts";

/**
 * One device of the lab and all hosts behind it, which a thread of this process answers for by a
 * script and a seed, keeping a record of each echo.
 *
 * It may be asked at any time; an answer holds all commands before it and a moment between packets.
 */
export type LabDevice = {
  /** What the kernel calls it; a zone id of link-local addresses. */
  readonly name: string;
  /** Sets or replaces what one host does; its record and counts go on. Others stay silent. */
  readonly host: (address: string, script: HostScript) => Promise<void>;
  readonly hosts: (scripts: Iterable<readonly [string, HostScript]>) => Promise<void>;
  readonly record: (address: string) => Promise<HostRecord>;
  /** All hosts, in the order in which they were first set. Many echoes delay replies meanwhile. */
  readonly records: () => Promise<readonly HostRecord[]>;
  readonly totals: () => Promise<LabTotals>;
  /** Gives the device its addresses and routes again, which went when it was set down. */
  readonly reconnect: () => void;
  /** The device vanishes, and with it all its routes. */
  readonly close: () => Promise<void>;
};

type Waiting = {
  readonly resolve: (value: Answers[keyof Answers]) => void;
  readonly reject: (reason: Error) => void;
};

/** Opens a device in the network of the calling thread and starts what answers on it. */
export function startDevice(
  kernel: Kernel,
  options: {
    readonly name: string;
    readonly mtuBytes: number;
    readonly ownAddresses: readonly string[];
    readonly seed: number;
    readonly maxRecordedEchoes: number | undefined;
  },
): LabDevice {
  const { name, ownAddresses } = options;
  const { mtuBytes } = options;
  const deviceDescriptor = openDevice(kernel, { name, mtuBytes, addresses: ownAddresses });
  const wakeupDescriptor = kernel.openWakeup();
  const start: ResponderStart = {
    deviceDescriptor,
    wakeupDescriptor,
    seed: options.seed,
    ownAddresses,
    maxRecordedEchoes: options.maxRecordedEchoes,
  };
  // The compiler does not rewrite this ending, and the lab runs from source as well.
  const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const worker = new Worker(new URL(`./responder-worker.${ending}`, import.meta.url), {
    workerData: start,
    // The flags of the process are for its own entry point: `--input-type` refuses a file.
    execArgv: [],
  });

  const waiting = new Map<number, Waiting>();
  let lastNumber = 0;
  let end: Error | undefined;
  const endWith = (reason: Error): void => {
    end ??= reason;
    for (const { reject } of waiting.values()) reject(end);
    waiting.clear();
  };
  worker.on("message", (answer: NumberedAnswer) => {
    const asked = waiting.get(answer.number);
    waiting.delete(answer.number);
    if (answer.kind === "done") asked?.resolve(answer.value);
    else asked?.reject(new Error(answer.problem));
  });
  let crash: Error | undefined;
  worker.on("error", (error) => {
    crash = error;
    endWith(error);
  });
  const exited = new Promise<void>((resolve) => {
    worker.once("exit", () => {
      endWith(new Error("the lab is closed"));
      resolve();
    });
  });

  const wakeup = Buffer.alloc(8);
  wakeup.writeBigUInt64LE(1n);
  const ask = async <Kind extends Command["kind"]>(
    command: Command & { readonly kind: Kind },
  ): Promise<Answers[Kind]> => {
    if (end !== undefined) throw end;
    lastNumber += 1;
    const message: NumberedCommand = { number: lastNumber, command };
    const answer = new Promise<Answers[keyof Answers]>((resolve, reject) => {
      waiting.set(message.number, { resolve, reject });
    });
    worker.postMessage(message);
    kernel.write(wakeupDescriptor, wakeup);
    // The worker answers each number with the value of its own kind (`obey` there).
    return (await answer) as Answers[Kind];
  };

  const hosts = async (scripts: Iterable<readonly [string, HostScript]>): Promise<void> => {
    const all = [...scripts];
    for (const [address, script] of all) checkScript(address, script);
    await ask({ kind: "set", hosts: all });
  };
  const close = async (): Promise<void> => {
    if (end === undefined) await ask({ kind: "stop" });
    await exited;
    closeSync(deviceDescriptor);
    closeSync(wakeupDescriptor);
    if (crash !== undefined) throw crash;
  };
  let closing: Promise<void> | undefined;
  return {
    name,
    host: (address, script) => hosts([[address, script]]),
    hosts,
    record: (address) => ask({ kind: "record", address }),
    records: () => ask({ kind: "records" }),
    totals: async () => ({ ...(await ask({ kind: "totals" })), deviceDrops: deviceDrops(name) }),
    reconnect: () => connect(name, ownAddresses),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}
