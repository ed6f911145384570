import { setMaxListeners } from "node:events";
import { hostname } from "node:os";
import type { Address } from "../runtime/address.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import { Answers, resolutionOf, type TtlLimits } from "./answers.ts";
import { createAskServer } from "./cares.ts";
import type { AskServer } from "./dns-answer.ts";
import { type Host, parseHost } from "./host-name.ts";
import { addressesFromHosts, parseHostsFile } from "./hosts-file.ts";
import type { ResolverOptions } from "./options.ts";
import { type Answer, ask } from "./question.ts";
import type { Resolution, Resolve } from "./resolution.ts";
import { parseResolvConf } from "./resolv-conf.ts";
import { candidatesFor } from "./search-list.ts";
import { ServerOrder } from "./server-order.ts";
import { settingsFrom } from "./settings.ts";
import { Turns } from "./turns.ts";
import { WatchedFile } from "./watched-file.ts";

/** Names to addresses. Both ways read addresses and the hosts file first, without asking a server. */
export type Resolver = {
  /** Asks the servers anew each time: for probes that measure the look-up. */
  readonly fresh: Resolve;
  /** Within the TTL the answer is the kept one; after a failed refresh the last good one, stale. */
  readonly cached: Resolve;
  /** Ends what is in flight; it and every later question rejects. */
  readonly close: () => void;
};

/**
 * Look-ups in flight, each with a socket for either family. The wait for a turn is not part of
 * `timeout`: that the agent is busy must not read as a name server's silence. It ends with the
 * caller's signal.
 */
const TURNS = { limit: 256, slowLimit: 128 };
/** Names remembered as silent; with more than that the longest known starts with a clean slate. */
const MAX_SLOW_NAMES = 100_000;
/** Three servers and a few options make 200 bytes; lists that block advertisements make 5 MB. */
const MAX_BYTES = { resolvConf: 65_536, hosts: 16 * 1_048_576 };
const PATHS = { resolvConf: "/etc/resolv.conf", hosts: "/etc/hosts" };

/**
 * @param options.paths Where the system's files are, for tests.
 * @param options.environment Where `LOCALDOMAIN` and `RES_OPTIONS` are looked for.
 * @param options.askServer How one server is asked; by c-ares unless given.
 * @returns A resolver without timers or open files while nobody asks. Both of its questions reject
 *   with the reason of their signal when it is aborted, and never because of a name.
 */
export function createResolver(options: {
  readonly options: ResolverOptions;
  readonly clock: Clock;
  readonly log: Logger;
  readonly paths?: { readonly resolvConf: string; readonly hosts: string };
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly askServer?: AskServer;
}): Resolver {
  const { options: configured, clock, log } = options;
  const { resolvConf: resolvConfPath, hosts: hostsPath } = options.paths ?? PATHS;
  const limits: TtlLimits = {
    minTtlSeconds: configured.min_ttl,
    maxTtlSeconds: configured.max_ttl,
  };
  const askServer = options.askServer ?? createAskServer(configured.timeout);
  const context = { hostname: hostname(), environment: options.environment ?? process.env };
  const resolvConf = new WatchedFile({
    path: resolvConfPath,
    maxBytes: MAX_BYTES.resolvConf,
    parse: (text) => settingsFrom(parseResolvConf(text, context), configured, log),
    clock,
    log,
  });
  const hostsFile = new WatchedFile({
    path: hostsPath,
    maxBytes: MAX_BYTES.hosts,
    parse: parseHostsFile,
    clock,
    log,
  });
  const order = new ServerOrder(clock);
  const turns = new Turns(TURNS);
  const slowNames = new Set<string>();
  const inFlight = new Set<AbortController>();
  let closed: Error | undefined;

  const lookUpInTurn = async (host: NameHost, signal: AbortSignal): Promise<Answer> => {
    const release = await turns.take(slowNames.has(host.name), signal);
    try {
      const { plan, search, ndots } = await resolvConf.current();
      const answer = await ask(
        {
          name: host.name,
          candidates: candidatesFor(host, { search, ndots }),
          plan: { ...plan, servers: order.of(plan.servers) },
          timeoutSeconds: configured.timeout,
        },
        { askServer, onSilentServer: (server) => order.demote(server) },
        signal,
      );
      remember(slowNames, host.name, answer.kind === "failed" && answer.reason === "dns_timeout");
      return answer;
    } finally {
      release();
    }
  };

  /** By hand, because AbortSignal.any with a signal that lives on leaks in Node.js 20. */
  const lookUp = async (host: NameHost, signal: AbortSignal): Promise<Answer> => {
    if (closed !== undefined) throw closed;
    signal.throwIfAborted();
    const ending = new AbortController();
    const onAbort = (): void => ending.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    inFlight.add(ending);
    try {
      return await lookUpInTurn(host, ending.signal);
    } finally {
      inFlight.delete(ending);
      signal.removeEventListener("abort", onAbort);
    }
  };

  const answers = new Answers({
    clock,
    limits,
    // The key of a kept answer is the name as it would be written: the trailing dot belongs to it.
    lookUp: (key, signal) =>
      lookUp({ kind: "name", name: key.replace(/\.$/, ""), isAbsolute: key.endsWith(".") }, signal),
  });

  const resolveBy =
    (askForName: (host: NameHost, signal: AbortSignal) => Promise<Resolution>): Resolve =>
    async (name, signal) => {
      if (closed !== undefined) throw closed;
      signal.throwIfAborted();
      // One signal for many names is how an agent stops; Node.js would warn of the eleventh.
      setMaxListeners(0, signal);
      const host = parseHost(name);
      switch (host.kind) {
        case "bad":
          return { kind: "failed", reason: "dns_bad_name", detail: host.detail };
        case "address":
          return known([host.address], limits.maxTtlSeconds);
        case "name": {
          const addresses = addressesFromHosts(await hostsFile.current(), host.name);
          // Kept briefly: the file may change at any time, and asking it again costs nothing.
          if (addresses !== undefined) return known(addresses, limits.minTtlSeconds);
          return askForName(host, signal);
        }
      }
    };

  return {
    fresh: resolveBy(async (host, signal) => resolutionOf(await lookUp(host, signal), limits)),
    cached: resolveBy((host, signal) =>
      answers.get(host.isAbsolute ? `${host.name}.` : host.name, signal),
    ),
    close: () => {
      closed ??= new Error("Cannot resolve names: the resolver is closed");
      for (const ending of inFlight) ending.abort(closed);
    },
  };
}

type NameHost = Extract<Host, { readonly kind: "name" }>;

function known(addresses: readonly Address[], ttlSeconds: number): Resolution {
  return { kind: "resolved", addresses, ttlSeconds, isStale: false };
}

function remember(slowNames: Set<string>, name: string, isSlow: boolean): void {
  slowNames.delete(name);
  if (!isSlow) return;
  slowNames.add(name);
  if (slowNames.size <= MAX_SLOW_NAMES) return;
  const [oldest] = slowNames;
  if (oldest !== undefined) slowNames.delete(oldest);
}
