import { closeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type {
  Answers,
  Command,
  NumberedAnswer,
  NumberedCommand,
  ResponderStart,
} from "./commands.ts";
import { loadKernel } from "./kernel.ts";
import { deviceDrops, OWN_ADDRESSES, openNetwork } from "./network.ts";
import type { HostRecord, LabTotals } from "./record.ts";
import { checkScript, type HostScript } from "./script.ts";

/**
 * A small Internet of our own: every address of both families that is not local leads to a thread
 * of this process, which answers by a script and a seed and keeps a record of each echo.
 *
 * It may be asked at any time; an answer holds all commands before it and a moment between packets.
 */
export type Lab = {
  /** The addresses of the machine under test, from which echoes come. */
  readonly ownAddresses: { readonly ipv4: string; readonly ipv6: string };
  /** Sets or replaces what one host does; its record and counts go on. Others stay silent. */
  readonly host: (address: string, script: HostScript) => Promise<void>;
  readonly hosts: (scripts: Iterable<readonly [string, HostScript]>) => Promise<void>;
  readonly record: (address: string) => Promise<HostRecord>;
  /** All hosts, in the order in which they were first set. Many echoes delay replies meanwhile. */
  readonly records: () => Promise<readonly HostRecord[]>;
  readonly totals: () => Promise<LabTotals>;
  /** The device vanishes, and with it all routes. The thread stays in its empty network. */
  readonly close: () => Promise<void>;
};

const DEFAULT_MTU_BYTES = 1500;

type Waiting = {
  readonly resolve: (value: Answers[keyof Answers]) => void;
  readonly reject: (reason: Error) => void;
};

/**
 * Moves the calling thread into a fresh network namespace and opens the lab in it. What the thread
 * opens afterwards is inside: sockets, worker threads, child processes. What exists is not: sockets
 * open before, and the threads of Node's pool, which look up names (`dns.lookup`); use addresses.
 * Nothing is left behind, however the process ends: the namespace has no name.
 *
 * @throws when the kernel refuses; ask `canRunLab` first.
 */
export async function openLab(options: {
  readonly seed: number;
  /** Echoes beyond it leave as fragments, which the lab does not answer; 1,500 when left out. */
  readonly mtuBytes?: number;
  /** Echoes kept one by one, a million when left out; a long run wants 0, and has the totals. */
  readonly maxRecordedEchoes?: number;
}): Promise<Lab> {
  const kernel = await loadKernel();
  const deviceDescriptor = openNetwork(kernel, options.mtuBytes ?? DEFAULT_MTU_BYTES);
  const wakeupDescriptor = kernel.openWakeup();
  const start: ResponderStart = {
    deviceDescriptor,
    wakeupDescriptor,
    seed: options.seed,
    ownAddresses: Object.values(OWN_ADDRESSES),
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
    ownAddresses: OWN_ADDRESSES,
    host: (address, script) => hosts([[address, script]]),
    hosts,
    record: (address) => ask({ kind: "record", address }),
    records: () => ask({ kind: "records" }),
    totals: async () => ({ ...(await ask({ kind: "totals" })), deviceDrops: deviceDrops() }),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}
