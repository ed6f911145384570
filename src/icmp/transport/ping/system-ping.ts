import { constants } from "node:os";
import { type AddressFamily, familyOf } from "../../../runtime/address.ts";
import type { Clock } from "../../../runtime/clock.ts";
import type { SocketProfile } from "../../echo.ts";
import {
  ADDRESS_WORDS,
  type PacketSink,
  type Transport,
  type TransportFigures,
} from "../../transport.ts";
import { addressText, type InterfaceName, rememberedInterfaceName } from "../address-text.ts";
import { interfaceIndexOf } from "../address-words.ts";
import { ProfileTable } from "../profile-table.ts";
import { socketAddress } from "../socket-address.ts";
import { profileFlags } from "./ping-command.ts";
import { PingEcho } from "./ping-echo.ts";
import type { RunProgram } from "./ping-process.ts";
import { type PingProgram, refusalCode } from "./ping-program.ts";

/**
 * Programs at once. A dead target keeps one for a second longer than its timeout, so 32 of them are what can be asked
 * every second; what is beyond is told as unsent at once, because a queue would only make everything late.
 */
const MAX_AT_ONCE = 64;

const { EAGAIN, EIO } = constants.errno;

/** An echo on its way to `flush`. */
type QueuedEcho = {
  readonly slot: number;
  readonly timeoutSeconds: number;
  readonly payloadBytes: number;
  readonly flags: readonly string[];
  readonly words: Uint32Array;
};

/**
 * Sends by the program `ping`, one process an echo: where the process itself may open no ICMP socket at all.
 *
 * The program matches, checks and times its reply; what it prints is taken as it is, so its round-trip times have the
 * three digits that it prints. What it keeps to itself is not known here either:
 *
 * - It ends with the first reply or ICMP error, so a duplicate is never seen, and no reply after an error.
 * - iputils since 20210202 does not say that the kernel refused to send (a firewall's `EPERM`): such an echo is lost.
 *   What is refused before, for want of a route or a source address, it does say.
 * - BusyBox hears no ICMP errors and does not compare the payload.
 *
 * Payloads are as large as they were asked for, so that what leaves is what was configured. The smallest (below 16
 * bytes for iputils, 4 for BusyBox) have no room for the program's stamp: then the time from before its start to its
 * first output counts: an upper bound, some milliseconds too long.
 *
 * On the main thread, or any with an event loop: what programs write and how they end comes by it.
 */
export class SystemPingTransport implements Transport {
  readonly family: AddressFamily;
  /** There is nothing to wait on: `onArrival` tells. */
  readonly replyDescriptors: readonly number[] = [];
  readonly #program: PingProgram;
  readonly #run: RunProgram;
  readonly #clock: Clock;
  readonly #onArrival: () => void;
  readonly #interfaceName: InterfaceName;
  readonly #profiles = new ProfileTable<readonly string[]>();
  #queued: QueuedEcho[] = [];
  /** Those whose program runs, or whose last word was not told yet. Never more than `MAX_AT_ONCE`. */
  readonly #echoes = new Set<PingEcho>();
  #isClosed = false;

  /** @param options.onArrival Told when a program wrote something or ended: the next drain hands it over. */
  constructor(options: {
    readonly family: AddressFamily;
    readonly program: PingProgram;
    readonly run: RunProgram;
    readonly clock: Clock;
    readonly onArrival: () => void;
  }) {
    this.family = options.family;
    this.#program = options.program;
    this.#run = options.run;
    this.#clock = options.clock;
    this.#onArrival = options.onArrival;
    this.#interfaceName = rememberedInterfaceName(options.clock);
  }

  openProfile(profile: SocketProfile): number {
    return this.#profiles.numberOf(this.family, profile, () =>
      profileFlags(this.#program.kind, profile),
    );
  }

  reservePayload(): void {
    // The program makes its own room.
  }

  queue(
    profile: number,
    slot: number,
    timeoutSeconds: number,
    _cookie: number,
    payloadBytes: number,
    words: Uint32Array,
    addressWord: number,
    sink: PacketSink,
  ): void {
    const flags = this.#profiles.items[profile];
    if (flags === undefined || this.#queued.length + this.#echoes.size >= MAX_AT_ONCE) {
      sink.unsent(slot, EAGAIN);
      return;
    }
    const address = words.slice(addressWord, addressWord + ADDRESS_WORDS);
    this.#queued.push({ slot, timeoutSeconds, payloadBytes, flags, words: address });
  }

  flush(sink: PacketSink): void {
    const queued = this.#queued;
    if (queued.length === 0) return;
    this.#queued = [];
    for (const one of queued) this.#start(one, sink);
  }

  #start({ slot, flags, words, ...asked }: QueuedEcho, sink: PacketSink): void {
    const echo = new PingEcho({
      ...asked,
      slot,
      words,
      kind: this.#program.kind,
      family: this.family,
      target: addressText(this.family, words, 0, this.#interfaceName),
      clock: this.#clock,
    });
    try {
      echo.start(this.#run, this.#program.path, flags, () => {
        if (!this.#isClosed) this.#onArrival();
      });
    } catch (error) {
      sink.unsent(slot, errnoNumber(refusalCode(error)));
      return;
    }
    this.#echoes.add(echo);
    const wholeSeconds = Math.floor(echo.startedWallSeconds);
    const rest = Math.round((echo.startedWallSeconds - wholeSeconds) * 1e9);
    sink.sent(slot, wholeSeconds, rest);
  }

  drainErrors(sink: PacketSink): void {
    for (const echo of this.#echoes) {
      for (const told of echo.takeErrors()) {
        if (told.kind === "unsent") sink.unsent(echo.slot, errnoNumber(told.errno));
        else {
          const reporter = reporterWords(told.reporter);
          sink.icmpError(echo.slot, echo.words, 0, told.reason, reporter, 0);
        }
      }
      this.#forgetIfOver(echo);
    }
  }

  drainReplies(sink: PacketSink): boolean {
    for (const echo of this.#echoes) {
      for (const told of echo.takeReplies()) {
        switch (told.kind) {
          case "answered":
            sink.answered(echo.slot, told.rttSeconds, told.hopLimit);
            break;
          case "corrupted":
            sink.corrupted(echo.slot);
            break;
          case "foreign":
            sink.foreign();
            break;
        }
      }
      this.#forgetIfOver(echo);
    }
    return true;
  }

  #forgetIfOver(echo: PingEcho): void {
    if (echo.isOver) this.#echoes.delete(echo);
  }

  readDrops(): number {
    return -1;
  }

  figures(): TransportFigures {
    return {
      family: this.family,
      transport: "ping",
      transmitStamp: "send_call",
      receiveBufferBytes: 0,
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#queued = [];
    for (const echo of this.#echoes) echo.stop();
    this.#echoes.clear();
  }
}

function errnoNumber(name: string): number {
  const numbers: Readonly<Record<string, number>> = constants.errno;
  return numbers[name] ?? EIO;
}

/** A zone that is no interface of ours any more is left out: the address still says who it was. */
function reporterWords(reporter: string): Uint32Array {
  const [address = "", zone] = reporter.split("%", 2);
  const isKnown = zone !== undefined && (/^\d+$/.test(zone) || interfaceIndexOf(zone) !== 0);
  if (familyOf(address) === undefined) return new Uint32Array(ADDRESS_WORDS);
  return socketAddress(isKnown ? reporter : address, { interfaceIndex: interfaceIndexOf });
}
