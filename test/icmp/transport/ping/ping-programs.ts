import type { SocketProfile } from "../../../../src/icmp/echo.ts";
import {
  type ProgramOutput,
  type RunProgram,
  runProgram,
} from "../../../../src/icmp/transport/ping/ping-process.ts";
import type { PingProgram } from "../../../../src/icmp/transport/ping/ping-program.ts";
import { SystemPingTransport } from "../../../../src/icmp/transport/ping/system-ping.ts";
import { socketAddress } from "../../../../src/icmp/transport/socket-address.ts";
import type { AddressFamily } from "../../../../src/runtime/address.ts";
import { systemClock } from "../../../../src/runtime/clock.ts";
import { until } from "../../../support/until.ts";
import { PingLog, type Told } from "./ping-log.ts";

const DEADLINE_SECONDS = 30;

/** Addresses of the loopback interface in the network of the test. */
export const HERE = { ipv4: "192.0.2.1", ipv6: "2001:db8::1" } as const;

const PLAIN = {
  source: undefined,
  interface: undefined,
  mark: 0,
  dscp: 0,
  hopLimit: 64,
  isFragmentingForbidden: false,
} as const;

/** The transport on the real program, with what it told. */
export class Pings {
  readonly log: PingLog;
  readonly transport: SystemPingTransport;
  /** The last state of each program. */
  readonly outputs: ProgramOutput[] = [];
  readonly #family: AddressFamily;
  #slots = 0;

  constructor(family: AddressFamily, program: PingProgram) {
    this.#family = family;
    this.log = new PingLog(family);
    const run: RunProgram = (path, args, limitSeconds, onChange) => {
      const at = this.outputs.length;
      this.outputs.push({ stdout: "", stderr: "", end: undefined });
      return runProgram(path, args, limitSeconds, (output) => {
        this.outputs[at] = output;
        onChange(output);
      });
    };
    this.transport = new SystemPingTransport({
      family,
      program,
      run,
      clock: systemClock,
      onArrival: () => {},
    });
  }

  queue(
    changed: Partial<SocketProfile> = {},
    { target = HERE[this.#family] as string, payloadBytes = 56, timeoutSeconds = 10 } = {},
  ): number {
    const slot = this.#slots;
    this.#slots += 1;
    const profile = this.transport.openProfile({ ...PLAIN, family: this.#family, ...changed });
    const words = socketAddress(target, { interfaceIndex: () => 0 });
    this.transport.queue(profile, slot, timeoutSeconds, 1, payloadBytes, words, 0, this.log);
    return slot;
  }

  drain(): void {
    this.transport.drainErrors(this.log);
    this.transport.drainReplies(this.log);
  }

  async ended(): Promise<void> {
    await until(() => this.outputs.every(({ end }) => end !== undefined), {
      deadlineSeconds: DEADLINE_SECONDS,
      what: "the programs to end",
    });
    this.drain();
  }

  /** What becomes of one echo. */
  async endsOf(...call: Parameters<Pings["queue"]>): Promise<readonly Told[]> {
    const slot = this.queue(...call);
    this.transport.flush(this.log);
    await this.ended();
    return this.log.endsOf(slot);
  }

  [Symbol.dispose](): void {
    this.transport.close();
  }
}
