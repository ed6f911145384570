import type { Clock } from "../../runtime/clock.ts";
import { unlessAborted } from "../deadline.ts";
import type { Failed } from "../failure.ts";

/** Tokens kept, and ways of authenticating remembered. */
export const MAX_KEPT_TOKENS = 256;
/** So long before its end a token is not shown any more; as Go's oauth2 has it. */
const EARLY_SECONDS = 10;
/** How long a token is kept whose server does not say how long it is good for. */
const UNTOLD_SECONDS = 300;

export type Token = {
  readonly kind: "token";
  /** Type and token, as `Authorization` has them. */
  readonly value: string;
  /** From the moment it came; undefined where the server does not say. */
  readonly lifetimeSeconds: number | undefined;
};

/** Where a token server wants the client's name and secret. @see RFC 6749 section 2.3.1 */
export type ClientStyle = "header" | "parameters";

/** Tokens of one thread by what they are asked with. A token that several want is fetched once. */
export class Oauth2Tokens {
  readonly #clock: Pick<Clock, "monotonicSeconds">;
  readonly #kept = new Map<string, { readonly value: string; readonly untilSeconds: number }>();
  readonly #fetches = new Map<string, Promise<Token | Failed | "abandoned">>();
  readonly #styles = new Map<string, ClientStyle>();

  constructor(clock: Pick<Clock, "monotonicSeconds">) {
    this.#clock = clock;
  }

  /**
   * A token that is good for a while yet, kept or fetched.
   *
   * Who asks first fetches, the others wait for what comes of it, each for as long as its own signal lets it. When
   * the first one is called away, the next one fetches.
   *
   * @param key Names everything that the token depends on, secrets included; it is kept in memory.
   * @throws the reason of the signal.
   */
  async get(
    key: string,
    fetch: () => Promise<Token | Failed>,
    signal: AbortSignal,
  ): Promise<{ readonly kind: "token"; readonly value: string } | Failed> {
    for (;;) {
      signal.throwIfAborted();
      const kept = this.#kept.get(key);
      if (kept !== undefined && kept.untilSeconds > this.#clock.monotonicSeconds()) {
        return { kind: "token", value: kept.value };
      }
      const underWay = this.#fetches.get(key);
      if (underWay === undefined) return await this.#fetch(key, fetch);
      const shared = await unlessAborted(underWay, signal);
      // The token itself, not the cache: it may have come with no time left to keep it.
      if (shared !== "abandoned") return shared;
    }
  }

  /** Drops a token that a server did not accept, wherever it is kept. */
  forget(value: string | undefined): void {
    for (const [key, kept] of this.#kept) if (kept.value === value) this.#kept.delete(key);
  }

  /** How a token server was last seen to take the client's name and secret; undefined for one not known. */
  styleOf(server: string): ClientStyle | undefined {
    return this.#styles.get(server);
  }

  setStyle(server: string, style: ClientStyle): void {
    put(this.#styles, server, style);
  }

  async #fetch(key: string, fetch: () => Promise<Token | Failed>): Promise<Token | Failed> {
    const fetching = fetch();
    const shared = fetching.catch(() => "abandoned" as const);
    this.#fetches.set(key, shared);
    try {
      const token = await fetching;
      if (token.kind === "token") this.#keep(key, token);
      return token;
    } finally {
      this.#fetches.delete(key);
    }
  }

  #keep(key: string, { value, lifetimeSeconds = UNTOLD_SECONDS }: Token): void {
    const untilSeconds = this.#clock.monotonicSeconds() + lifetimeSeconds - EARLY_SECONDS;
    put(this.#kept, key, { value, untilSeconds });
  }
}

/** Puts an entry in as the newest; where there are too many, the oldest goes. */
function put<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MAX_KEPT_TOKENS) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
