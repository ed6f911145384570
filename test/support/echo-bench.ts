import type { EchoOutcome } from "../../src/icmp/echo.ts";
import { EchoLoop, type LoopEvent, type LoopStream } from "../../src/icmp/loop/echo-loop.ts";
import { blockBytes, columnsOf, type TallyColumn } from "../../src/icmp/loop/tally-layout.ts";
import type { AddressFamily } from "../../src/runtime/address.ts";
import { addressOf, FakeTransport } from "./fake-transport.ts";
import { SteppingClock } from "./stepping-clock.ts";

/** The longest sleep of the engine's thread. */
const MAX_SLEEP_SECONDS = 0.25;
const ROWS = 256;

/** Numbers of one stream's row that tests look at. */
const ROW = [
  "echoes",
  "lost",
  "unsent",
  "suspect",
  "lateReplies",
  "duplicateReplies",
  "reorderedReplies",
  "corruptReplies",
  "fastEchoes",
  "fastLost",
  "fastProbing",
  "lastRttSeconds",
  "rttSumSeconds",
  "replyHopLimit",
  "lossRatio",
  "up",
  "lastFinishedSeconds",
] as const satisfies readonly TallyColumn[];
export type Row = Readonly<Record<(typeof ROW)[number], number>>;

/** An echo loop over a fake network, both on a clock that the test moves. */
export class EchoBench {
  readonly clock = new SteppingClock();
  readonly transport: FakeTransport;
  /** Of the other family, for what two sockets do to one another. */
  readonly second: FakeTransport;
  readonly loop: EchoLoop;
  /** What the loop told of its machine. */
  readonly events: LoopEvent[] = [];
  /** How long the machine was suspended so far; a test adds to it. */
  suspendedSeconds = 0;
  readonly ends: { readonly stream: number; readonly outcome: EchoOutcome }[] = [];

  readonly #settings = new Map<number, LoopStream>();

  constructor(
    family: AddressFamily = "ipv4",
    options: {
      readonly maxFastEchoesPerSecond?: number;
      readonly areDropsCounted?: boolean;
    } = {},
  ) {
    const { areDropsCounted = true } = options;
    this.transport = new FakeTransport({ clock: this.clock, family, areDropsCounted });
    const other = family === "ipv4" ? "ipv6" : "ipv4";
    this.second = new FakeTransport({ clock: this.clock, family: other });
    this.loop = new EchoLoop({
      clock: this.clock,
      transports: [this.transport, this.second],
      maxFastEchoesPerSecond: options.maxFastEchoesPerSecond ?? 1000,
      suspendedSeconds: () => this.suspendedSeconds,
      onEvent: (event) => this.events.push(event),
      onFailure: undefined,
      onOneShotEnd: (stream, outcome) => this.ends.push({ stream, outcome }),
    });
  }

  /** Adds a stream, one echo a second to 192.0.2.1 lost after a second, or changes what is told of one. */
  set(number: number, changed: Partial<LoopStream> = {}): void {
    const settings = { ...(this.#settings.get(number) ?? this.#defaults()), ...changed };
    this.#settings.set(number, settings);
    this.loop.set(number, settings);
  }

  #defaults(): LoopStream {
    return {
      intervalSeconds: 1,
      timeoutSeconds: 1,
      payloadBytes: 56,
      echoesPerInterval: 1,
      echoSpacingSeconds: 0,
      transport: 0,
      profile: 0,
      address: addressOf(this.transport.family === "ipv4" ? "192.0.2.1" : "2001:db8::1"),
      isOneShot: false,
      phase: 0,
      lossWindowSeconds: 60,
      fast: undefined,
      bucketBoundsSeconds: undefined,
    };
  }

  remove(number: number): void {
    this.#settings.delete(number);
    this.loop.remove(number);
  }

  /** Lets time pass; the loop ticks when it wants to, as the engine's thread does. */
  run(seconds: number): void {
    const end = this.clock.monotonicSeconds() + seconds;
    for (;;) {
      const now = this.clock.monotonicSeconds();
      const wake = Math.min(this.loop.nextWakeSeconds(), now + MAX_SLEEP_SECONDS);
      if (wake > end) break;
      // No thread comes back from a sleep at the very moment it fell asleep.
      this.clock.advanceTo(Math.max(wake, now + 1e-6));
      this.loop.tick();
    }
    this.clock.advanceTo(end);
  }

  /** Time passes and the process stands still. */
  stall(seconds: number): void {
    this.clock.advanceSeconds(seconds);
  }

  /** Ends everything in flight: nothing more is sent, and the longest deadline passes. */
  finish(streams: readonly number[], seconds = 10): void {
    for (const number of streams) this.set(number, { address: undefined });
    this.run(seconds);
  }

  row(number: number): Row {
    const columns = columnsOf(new ArrayBuffer(blockBytes(ROWS)));
    this.loop.copyTallies(columns);
    return Object.fromEntries(
      ROW.map((name) => [name, columns[name][number] ?? Number.NaN]),
    ) as Row;
  }

  column(name: TallyColumn): Float64Array {
    const columns = columnsOf(new ArrayBuffer(blockBytes(ROWS)));
    this.loop.copyTallies(columns);
    return columns[name];
  }

  /** When requests left, rounded to milliseconds. */
  sentAtMilliseconds(): number[] {
    return this.transport.sent.map(({ sentAtSeconds }) => Math.round(sentAtSeconds * 1000));
  }
}
