import type { PingEcho, PingFailure, PingStatistics } from "../batch/ping.ts";
import { RunningStatistics } from "../batch/running-statistics.ts";
import type { EchoOutcome } from "../icmp/echo.ts";

/** What is known of one host. */
export type PingRow = {
  readonly name: string;
  readonly address: string | undefined;
  readonly failure: PingFailure | undefined;
  /** Of the echo that ended last. */
  readonly lastOutcome: EchoOutcome | undefined;
  readonly statistics: PingStatistics;
};

type Host = {
  readonly name: string;
  address: string | undefined;
  failure: PingFailure | undefined;
  lastOutcome: EchoOutcome | undefined;
  readonly running: RunningStatistics;
};

/** The state of every host of `sounder ping`, in the order given, in memory that does not grow with time. */
export class PingBoard {
  readonly #hosts: readonly Host[];

  constructor(names: readonly string[]) {
    this.#hosts = names.map((name) => ({
      name,
      address: undefined,
      failure: undefined,
      lastOutcome: undefined,
      running: new RunningStatistics(),
    }));
  }

  get size(): number {
    return this.#hosts.length;
  }

  nameOf(index: number): string {
    return this.#hosts[index]?.name ?? "";
  }

  aim(index: number, address: string): void {
    const host = this.#hosts[index];
    if (host !== undefined) host.address = address;
  }

  fail(index: number, failure: PingFailure): void {
    const host = this.#hosts[index];
    if (host !== undefined) host.failure = failure;
  }

  add({ index, outcome }: PingEcho): void {
    const host = this.#hosts[index];
    if (host === undefined) return;
    host.lastOutcome = outcome;
    host.running.add(outcome);
  }

  /** The first `most` hosts. */
  rows(most = this.#hosts.length): PingRow[] {
    return this.#hosts
      .slice(0, most)
      .map(({ running, ...host }) => ({ ...host, statistics: running.statistics() }));
  }

  /** Whether each host can be sent to and has answered at least once. */
  get haveAllAnswered(): boolean {
    return this.rows().every(
      ({ failure, statistics }) => failure === undefined && statistics.received > 0,
    );
  }
}
