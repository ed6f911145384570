import type { Clock } from "../runtime/clock.ts";

/** How long a silent server is asked last. Then it gets its chance again, at the price of one wait. */
const DEMOTION_SECONDS = 30;

/**
 * The order in which servers are asked: as configured, but those that were silent while another
 * one answered come last for a while. Otherwise a dead first server would slow down every name, and
 * every probe's `resolve` phase would show the agent's resolver and not the target's name.
 */
export class ServerOrder {
  readonly #demotedUntilSeconds = new Map<string, number>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(servers: readonly string[]): readonly string[] {
    if (this.#demotedUntilSeconds.size === 0) return servers;
    const now = this.#clock.monotonicSeconds();
    for (const [server, untilSeconds] of this.#demotedUntilSeconds) {
      if (untilSeconds <= now) this.#demotedUntilSeconds.delete(server);
    }
    const isDemoted = (server: string): boolean => this.#demotedUntilSeconds.has(server);
    return [
      ...servers.filter((server) => !isDemoted(server)),
      ...servers.filter((server) => isDemoted(server)),
    ];
  }

  demote(server: string): void {
    this.#demotedUntilSeconds.set(server, this.#clock.monotonicSeconds() + DEMOTION_SECONDS);
  }
}
