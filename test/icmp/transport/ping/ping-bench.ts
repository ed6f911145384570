import assert from "node:assert/strict";
import type { SocketProfile } from "../../../../src/icmp/echo.ts";
import type {
  ProgramOutput,
  RunProgram,
} from "../../../../src/icmp/transport/ping/ping-process.ts";
import type { PingKind } from "../../../../src/icmp/transport/ping/ping-program.ts";
import { SystemPingTransport } from "../../../../src/icmp/transport/ping/system-ping.ts";
import { socketAddress } from "../../../../src/icmp/transport/socket-address.ts";
import type { AddressFamily } from "../../../../src/runtime/address.ts";
import type { Clock } from "../../../../src/runtime/clock.ts";
import { PingLog } from "./ping-log.ts";

const TARGET = { ipv4: "192.0.2.1", ipv6: "2001:db8::1" } as const;

/** A program that does nothing until told what to write; it dies when it is killed. */
export class FakeProgram {
  readonly path: string;
  readonly args: readonly string[];
  readonly limitSeconds: number;
  readonly #onChange: (output: ProgramOutput) => void;
  #output: ProgramOutput = { stdout: "", stderr: "", end: undefined };
  isKilled = false;

  constructor(...[path, args, limitSeconds, onChange]: Parameters<RunProgram>) {
    this.path = path;
    this.args = args;
    this.limitSeconds = limitSeconds;
    this.#onChange = onChange;
  }

  writes(stream: "stdout" | "stderr", text: string): void {
    this.#change({ [stream]: this.#output[stream] + text });
  }

  ends(end: ProgramOutput["end"]): void {
    this.#change({ end });
  }

  #change(changed: Partial<ProgramOutput>): void {
    this.#output = { ...this.#output, ...changed };
    this.#onChange(this.#output);
  }
}

/** A machine with a `ping` whose every word is the test's. */
export class PingBench {
  readonly programs: FakeProgram[] = [];
  readonly log: PingLog;
  readonly transport: SystemPingTransport;
  arrivals = 0;
  /** Thrown when a program is to be started. */
  refusal: Error | undefined;
  monotonicSeconds = 100;
  wallSeconds = 1_700_000_000.25;
  readonly #family: AddressFamily;
  #slots = 0;

  constructor(family: AddressFamily = "ipv4", kind: PingKind = "iputils") {
    this.#family = family;
    this.log = new PingLog(family);
    const clock: Clock = {
      monotonicSeconds: () => this.monotonicSeconds,
      wallSeconds: () => this.wallSeconds,
    };
    this.transport = new SystemPingTransport({
      family,
      program: { path: "/usr/bin/ping", kind },
      clock,
      run: (...call) => {
        if (this.refusal !== undefined) throw this.refusal;
        const program = new FakeProgram(...call);
        this.programs.push(program);
        return {
          kill: () => {
            program.isKilled = true;
          },
        };
      },
      onArrival: () => {
        this.arrivals += 1;
      },
    });
    this.transport.openProfile(this.profile());
  }

  profile(changed: Partial<SocketProfile> = {}): SocketProfile {
    return {
      family: this.#family,
      source: undefined,
      interface: undefined,
      mark: 0,
      dscp: 0,
      hopLimit: 64,
      isFragmentingForbidden: false,
      ...changed,
    };
  }

  queue({ target = TARGET[this.#family] as string, timeoutSeconds = 1, payloadBytes = 56 } = {}) {
    const slot = this.#slots;
    this.#slots += 1;
    // Not at the beginning: where the address lies is the user's business.
    const words = new Uint32Array(20);
    words.set(socketAddress(target, { interfaceIndex: () => 7 }), 9);
    this.transport.queue(0, slot, timeoutSeconds, 1, payloadBytes, words, 9, this.log);
    return slot;
  }

  flush(): void {
    this.transport.flush(this.log);
  }

  /** Queues one echo and starts its program. */
  send(options: Parameters<PingBench["queue"]>[0] = {}): { slot: number; program: FakeProgram } {
    const slot = this.queue(options);
    this.flush();
    const program = this.programs.at(-1);
    assert.ok(program !== undefined);
    return { slot, program };
  }

  drain(): void {
    this.transport.drainErrors(this.log);
    assert.equal(this.transport.drainReplies(this.log), true);
  }

  passes(seconds: number, steppedSeconds = 0): void {
    this.monotonicSeconds += seconds;
    this.wallSeconds += seconds + steppedSeconds;
  }
}

/** What iputils writes when its reply came. */
export const reply = (milliseconds: string, target: string = TARGET.ipv4): string =>
  `PING\n64 bytes from ${target}: icmp_seq=1 ttl=57 time=${milliseconds} ms\n`;
