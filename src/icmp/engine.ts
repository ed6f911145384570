import { ADDRESS_FAMILIES } from "../runtime/address.ts";
import type { Logger } from "../runtime/log.ts";
import { familiesHere, logChoice, problemOf } from "./engine/choose-transports.ts";
import { EngineClient, type OnRefused } from "./engine/engine-client.ts";
import { EngineCore } from "./engine/engine-core.ts";
import { JoinedEngine } from "./engine/joined-engine.ts";
import { LocalHost } from "./engine/local-host.ts";
import { openLocalTransports } from "./engine/open-local-transports.ts";
import { startThread, type ThreadStart } from "./engine/thread-host.ts";
import type { Engine } from "./engine-contract.ts";
import type { EngineOptions } from "./options.ts";
import { interfaceIndexOf } from "./transport/address-words.ts";
import { TRANSPORT_NAMES, type TransportName } from "./transport.ts";

/** Those of the echo worker; the others are tied to the main thread. */
const THREAD_TRANSPORTS: ReadonlySet<TransportName> = new Set(["raw", "dgram"]);

const NO_THREAD: ThreadStart = { host: undefined, opened: {}, refusals: [] };

export type StartOptions = {
  readonly engine: EngineOptions;
  readonly log: Logger;
  /** Told when the engine dies without being asked to. */
  readonly onFault: (error: Error) => void;
  /** Told of a stream that cannot be sent as asked, with a sentence; it sends nothing until it is retuned. */
  readonly onRefused?: OnRefused;
  /** Tells the log of each echo whose failure somebody explained. */
  readonly isDebug?: boolean;
};

/**
 * Starts the engine with the best transport that works for each address family, or with the one that is asked for.
 *
 * @returns When sockets are open, or the reason why there are none is known: then `state` is `unavailable`.
 */
export async function startEngine(options: StartOptions): Promise<Engine> {
  const { engine, log, isDebug = false } = options;
  const wanted = engine.transport === "auto" ? TRANSPORT_NAMES : [engine.transport];
  const ofThread = wanted.filter((name) => THREAD_TRANSPORTS.has(name));
  const ofMain = wanted.filter((name) => !THREAD_TRANSPORTS.has(name));

  /** What is made later than those that tell it something. */
  const later: { joined?: JoinedEngine; host?: LocalHost } = {};
  const makeClient = (): EngineClient => {
    const client: EngineClient = new EngineClient({
      log,
      onFault: options.onFault,
      onRefused: (inner, address, sentence) => {
        const stream = later.joined === undefined ? inner : later.joined.numberOf(client, inner);
        if (stream !== undefined) options.onRefused?.(stream, address, sentence);
      },
    });
    return client;
  };
  const threaded = makeClient();
  const thread =
    ofThread.length === 0
      ? NO_THREAD
      : await startThread({ engine, transports: ofThread, isDebug, listener: threaded });

  const local = await openLocalTransports({
    families: familiesHere().filter((family) => thread.opened[family] === undefined),
    transports: ofMain,
    engine,
    onArrival: () => later.host?.arrived(),
  }).catch(async (error: unknown) => {
    await thread.host?.stop();
    throw error;
  });
  const choice = {
    opened: { ...thread.opened, ...local.opened },
    refusals: [...thread.refusals, ...local.refusals],
  };
  if (thread.host === undefined && local.transports.length === 0) {
    threaded.setUnavailable(problemOf(choice));
    return threaded;
  }
  logChoice(choice, log);
  if (thread.host !== undefined) threaded.setHost(thread.host);
  if (local.transports.length === 0) return threaded;

  const localClient = makeClient();
  const { transports } = local;
  const localHost = new LocalHost(
    (report) =>
      new EngineCore({ transports, engine, isDebug, interfaceIndex: interfaceIndexOf, report }),
    localClient,
  );
  later.host = localHost;
  localClient.setHost(localHost);
  if (thread.host === undefined) return localClient;
  const [ipv4, ipv6] = ADDRESS_FAMILIES.map((family) =>
    thread.opened[family] === undefined ? localClient : threaded,
  );
  later.joined = new JoinedEngine({ ipv4: ipv4 ?? threaded, ipv6: ipv6 ?? threaded });
  return later.joined;
}
