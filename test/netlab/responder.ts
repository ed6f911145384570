import { addressText } from "../../src/runtime/address.ts";
import type { Clock } from "../../src/runtime/clock.ts";
import { chance } from "./chance.ts";
import { DueQueue } from "./due-queue.ts";
import { bytesOfAddress, type EchoRequest, parseEchoRequest } from "./packet.ts";
import { type PlannedPacket, planEcho } from "./plan.ts";
import {
  addTotals,
  type CountedTotals,
  type Fate,
  type HostRecord,
  type LabTotals,
  RECORDED_PAYLOAD_BYTES,
  type RecordedEcho,
  type Written,
  zeroTotals,
} from "./record.ts";
import { strayPacket } from "./reply.ts";
import { checkScript, type HostScript } from "./script.ts";

/** A test that records more wants the totals, not the record. */
const MAX_RECORDED_ECHOES = 1_000_000;
/** Packets that wait for their time: 20 s of the fastest flood of requests the lab can take. */
const MAX_PENDING_PACKETS = 1_000_000;
/** A flood that fell behind (a stopped machine) goes on from now rather than burst. */
const MAX_FLOOD_LAG_SECONDS = 0.1;

/** A recorded echo that is still happening. */
type CountedEcho = Omit<RecordedEcho, "written" | "heldSeconds"> & {
  readonly written: Written[];
  heldSeconds: number | undefined;
};

type Host = {
  readonly address: string;
  readonly bytes: Uint8Array;
  script: HostScript;
  scriptSetAtSeconds: number;
  receivedBeforeScript: number;
  /** Counts scripts, so that a flood of an earlier one knows that it is over. */
  scriptNumber: number;
  lastIdentifier: number;
  /** The reply that waits to be overtaken. */
  waiting: Pending | undefined;
  readonly totals: CountedTotals;
  readonly echoes: CountedEcho[];
};

type Pending = { readonly packet: PlannedPacket; readonly host: Host; readonly echo: CountedEcho };
type Task =
  | ({ readonly kind: "write"; readonly waitsForNextSeconds: number | undefined } & Pending)
  /** The time of a reply that nothing has overtaken is over. */
  | { readonly kind: "release"; readonly pending: Pending }
  | { readonly kind: "flood"; readonly host: Host; readonly scriptNumber: number; sent: number };

/**
 * The lab's hosts: takes packets, plays scripts, keeps the record. Knows no device and no thread.
 *
 * `write` gives a packet to the machine under test and says whether it was taken.
 */
export class Responder {
  readonly #clock: Pick<Clock, "monotonicSeconds">;
  readonly #write: (packet: Uint8Array) => boolean;
  readonly #seed: number;
  readonly #ownAddresses: readonly Uint8Array[];
  readonly #maxRecordedEchoes: number;
  readonly #hosts = new Map<string, Host>();
  readonly #queue = new DueQueue<Task>();
  #recorded = 0;
  #unscripted = 0;
  #ignored = 0;
  #refused = 0;

  constructor(options: {
    readonly seed: number;
    /** Where floods go: one address of each family of the machine under test. */
    readonly ownAddresses: readonly string[];
    readonly clock: Pick<Clock, "monotonicSeconds">;
    readonly write: (packet: Uint8Array) => boolean;
    /** Echoes kept one by one; a million when left out. The totals always hold all. */
    readonly maxRecordedEchoes?: number | undefined;
  }) {
    this.#seed = options.seed;
    this.#maxRecordedEchoes = options.maxRecordedEchoes ?? MAX_RECORDED_ECHOES;
    this.#ownAddresses = options.ownAddresses.map(bytesOfAddress);
    this.#clock = options.clock;
    this.#write = options.write;
  }

  /** Infinity when nothing waits for its time. */
  get nextDueSeconds(): number {
    return this.#queue.nextDueSeconds;
  }

  /** Sets or replaces what a host does. Its record goes on, and packets on their way still arrive. */
  setHost(address: string, script: HostScript): void {
    checkScript(address, script);
    const host = this.#hostOf(address);
    host.script = script;
    host.scriptSetAtSeconds = this.#clock.monotonicSeconds();
    host.receivedBeforeScript = host.totals.received;
    host.scriptNumber += 1;
    if (script.flood === undefined) return;
    const { scriptNumber } = host;
    this.#queue.add(host.scriptSetAtSeconds, { kind: "flood", host, scriptNumber, sent: 0 });
  }

  /** Takes one packet that has just been read. */
  receive(packet: Uint8Array): void {
    const arrivedAtSeconds = this.#clock.monotonicSeconds();
    const request = parseEchoRequest(packet);
    if (request === undefined) {
      this.#ignored += 1;
      return;
    }
    const host = this.#hosts.get(keyOf(request.destination));
    if (host === undefined) {
      this.#unscripted += 1;
      return;
    }
    host.totals.received += 1;
    host.lastIdentifier = request.identifier;
    const plan = planEcho(
      host.script,
      {
        echo: request,
        number: host.totals.received - host.receivedBeforeScript,
        sinceScriptSeconds: arrivedAtSeconds - host.scriptSetAtSeconds,
      },
      (purpose) => chance(this.#seed, host.address, purpose, host.totals.received),
    );
    host.totals.fates[plan.fate] += 1;
    const echo = echoRecord(request, arrivedAtSeconds, plan.fate);
    if (this.#recorded < this.#maxRecordedEchoes) {
      this.#recorded += 1;
      host.echoes.push(echo);
    }
    for (const planned of plan.packets) {
      if (this.#queue.size >= MAX_PENDING_PACKETS) {
        this.#refused += 1;
        continue;
      }
      const waitsForNextSeconds = planned.kind === "reply" ? plan.waitsForNextSeconds : undefined;
      const task = { kind: "write", packet: planned, host, echo, waitsForNextSeconds } as const;
      this.#queue.add(arrivedAtSeconds + planned.holdSeconds, task);
    }
  }

  /** Sends everything whose time has come. */
  sendDue(): void {
    for (;;) {
      const task = this.#queue.takeDue(this.#clock.monotonicSeconds());
      if (task === undefined) return;
      switch (task.kind) {
        case "write":
          this.#writeOrWait(task);
          break;
        case "release":
          if (task.pending.host.waiting === task.pending) this.#releaseWaiting(task.pending.host);
          break;
        case "flood":
          this.#flood(task);
          break;
      }
    }
  }

  /** @throws RangeError for an address without a script. */
  record(address: string): HostRecord {
    const host = this.#hosts.get(keyOf(bytesOfAddress(address)));
    if (host === undefined) throw new RangeError(`the lab has no host ${address}`);
    return recordOf(host);
  }

  records(): HostRecord[] {
    return [...this.#hosts.values()].map(recordOf);
  }

  totals(): Omit<LabTotals, "deviceDrops"> {
    const sum = zeroTotals();
    // The next packet of a flood always waits in the queue; it answers nothing, so it is not pending.
    let floods = 0;
    for (const host of this.#hosts.values()) {
      addTotals(sum, host.totals);
      if (host.script.flood !== undefined) floods += 1;
    }
    return {
      ...sum,
      pending: this.#queue.size - floods,
      unscripted: this.#unscripted,
      ignored: this.#ignored,
      refused: this.#refused,
    };
  }

  #hostOf(address: string): Host {
    const bytes = bytesOfAddress(address);
    const known = this.#hosts.get(keyOf(bytes));
    if (known !== undefined) return known;
    const host: Host = {
      // One spelling per address, so that the spelling in a test does not change what chance decides.
      address: addressText(bytes),
      bytes,
      script: {},
      scriptSetAtSeconds: 0,
      receivedBeforeScript: 0,
      scriptNumber: 0,
      lastIdentifier: 0,
      waiting: undefined,
      totals: zeroTotals(),
      echoes: [],
    };
    this.#hosts.set(keyOf(bytes), host);
    return host;
  }

  #writeOrWait(task: Task & { readonly kind: "write" }): void {
    const { host, waitsForNextSeconds } = task;
    if (waitsForNextSeconds !== undefined && host.waiting === undefined) {
      host.waiting = task;
      const untilSeconds = this.#clock.monotonicSeconds() + waitsForNextSeconds;
      this.#queue.add(untilSeconds, { kind: "release", pending: task });
      return;
    }
    this.#send(task);
    if (task.packet.kind !== "reply" || host.waiting === undefined) return;
    host.totals.reordered += 1;
    this.#releaseWaiting(host);
  }

  #releaseWaiting(host: Host): void {
    const { waiting } = host;
    host.waiting = undefined;
    if (waiting !== undefined) this.#send(waiting);
  }

  #send({ packet, host, echo }: Pending): void {
    const atSeconds = this.#clock.monotonicSeconds();
    if (!this.#write(packet.bytes)) {
      this.#refused += 1;
      return;
    }
    host.totals.packets[packet.kind] += 1;
    echo.written.push({ kind: packet.kind, atSeconds });
    if (packet.kind === "reply") echo.heldSeconds = atSeconds - echo.arrivedAtSeconds;
  }

  #flood(task: Task & { readonly kind: "flood" }): void {
    const { host } = task;
    const { flood } = host.script;
    const destination = this.#ownAddresses.find(({ length }) => length === host.bytes.length);
    if (flood === undefined || destination === undefined) return;
    if (task.scriptNumber !== host.scriptNumber) return;
    const envelope = { source: host.bytes, destination, hopLimit: 64, trafficClass: 0 };
    let draws = 0;
    const draw = (): number => {
      draws += 1;
      return chance(this.#seed, host.address, `flood ${task.sent}`, draws);
    };
    const isTaken = this.#write(strayPacket(envelope, flood.packet, host.lastIdentifier, draw));
    if (isTaken) host.totals.packets.flood += 1;
    else this.#refused += 1;
    task.sent += 1;
    const nowSeconds = this.#clock.monotonicSeconds();
    const dueSeconds = host.scriptSetAtSeconds + task.sent / flood.packetsPerSecond;
    if (nowSeconds - dueSeconds > MAX_FLOOD_LAG_SECONDS) {
      task.sent = Math.ceil((nowSeconds - host.scriptSetAtSeconds) * flood.packetsPerSecond);
    }
    this.#queue.add(host.scriptSetAtSeconds + task.sent / flood.packetsPerSecond, task);
  }
}

function keyOf(address: Uint8Array): string {
  return Buffer.from(address.buffer, address.byteOffset, address.length).toString("latin1");
}

function echoRecord(request: EchoRequest, arrivedAtSeconds: number, fate: Fate): CountedEcho {
  const excerpt = request.payload.subarray(0, RECORDED_PAYLOAD_BYTES);
  return {
    arrivedAtSeconds,
    source: addressText(request.source),
    identifier: request.identifier,
    sequence: request.sequence,
    payloadBytes: request.payload.length,
    payloadHex: Buffer.from(excerpt).toString("hex"),
    hopLimit: request.hopLimit,
    trafficClass: request.trafficClass,
    isFragmentingForbidden: request.isFragmentingForbidden,
    fate,
    written: [],
    heldSeconds: undefined,
  };
}

function recordOf(host: Host): HostRecord {
  const { address, totals, echoes } = host;
  return { address, totals, echoes, isTruncated: echoes.length < totals.received };
}
