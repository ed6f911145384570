import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { systemClock } from "../../src/runtime/clock.ts";
import type {
  Answers,
  Command,
  NumberedAnswer,
  NumberedCommand,
  ResponderStart,
} from "./commands.ts";
import { loadKernel } from "./kernel.ts";
import { Responder } from "./responder.ts";

/**
 * The lab's thread: sleeps in ppoll until a packet, a due time or a command, and never returns to
 * the event loop before it is told to stop. So neither a busy main thread nor a timer of a whole
 * millisecond moves a reply.
 */

/** Longest sleep: the process must be able to end although this thread sleeps in the kernel. */
const MAX_SLEEP_SECONDS = 0.25;
/** Packets read before those whose time has come are sent. */
const MAX_READ_BATCH = 16;
/** Longest IP packet. */
const PACKET_BYTES = 65_575;

const kernel = await loadKernel();
const start: ResponderStart = workerData;
const responder = new Responder({
  seed: start.seed,
  ownAddresses: start.ownAddresses,
  clock: systemClock,
  maxRecordedEchoes: start.maxRecordedEchoes,
  write: (packet) => kernel.write(start.deviceDescriptor, packet) === packet.length,
});
const packet = Buffer.alloc(PACKET_BYTES);
const wakeups = Buffer.alloc(8);

for (let isStopped = false; !isStopped; ) {
  const isMoreWaiting = readBatch();
  responder.sendDue();
  kernel.read(start.wakeupDescriptor, wakeups);
  isStopped = obeyCommands();
  if (isStopped || isMoreWaiting) continue;
  const untilDueSeconds = responder.nextDueSeconds - systemClock.monotonicSeconds();
  const sleepSeconds = Math.min(MAX_SLEEP_SECONDS, Math.max(0, untilDueSeconds));
  kernel.wait(start.deviceDescriptor, start.wakeupDescriptor, sleepSeconds);
}

function readBatch(): boolean {
  for (let count = 0; count < MAX_READ_BATCH; count += 1) {
    const bytes = kernel.read(start.deviceDescriptor, packet);
    if (bytes <= 0) return false;
    responder.receive(packet.subarray(0, bytes));
  }
  return true;
}

/** @returns whether one of them was to stop. */
function obeyCommands(): boolean {
  if (parentPort === null) return true;
  for (;;) {
    const received: { readonly message: NumberedCommand } | undefined =
      receiveMessageOnPort(parentPort);
    if (received === undefined) return false;
    const { number, command } = received.message;
    let answer: NumberedAnswer;
    try {
      answer = { number, kind: "done", value: obey(command) };
    } catch (error) {
      answer = { number, kind: "refused", problem: String(error) };
    }
    parentPort.postMessage(answer);
    if (command.kind === "stop") return true;
  }
}

function obey(command: Command): Answers[keyof Answers] {
  switch (command.kind) {
    case "set":
      for (const [address, script] of command.hosts) responder.setHost(address, script);
      return undefined;
    case "record":
      return responder.record(command.address);
    case "records":
      return responder.records();
    case "totals":
      return responder.totals();
    case "stop":
      return undefined;
  }
}
