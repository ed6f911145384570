import { isMainThread } from "node:worker_threads";

/** Called when a packet was read. The bytes are valid during the call only; `source` is an IP address without zone. */
export type OnMessage = (packet: Buffer, source: string) => void;

/**
 * The part of a socket of the npm package `raw-socket` 1.8 that is used here; it comes without types.
 *
 * `onRecvReady` and `onSendReady` are what the package calls when the kernel says that the socket is ready, one
 * packet each time. Called by hand they read and send at once, without a turn of the event loop: a reply that the kernel
 * holds can be had before a deadline falls, and an echo never waits in the package's queue while its time runs.
 * Never call either on a closed socket: the package would open another.
 */
export type RawSocket = {
  /** `before` runs just before the kernel gets the packet, `after` when it took or refused it. */
  readonly send: (
    buffer: Buffer,
    offset: number,
    length: number,
    address: string,
    before: () => void,
    after: (error: Error | null) => void,
  ) => unknown;
  /** Sends the oldest packet of the queue; stops waiting to send when there is none. Never throws. */
  readonly onSendReady: () => void;
  /** Reads one packet and emits `message`, or `error` with the system's text: also when there is none. */
  readonly onRecvReady: () => void;
  readonly pauseRecv: () => unknown;
  readonly resumeRecv: () => unknown;
  /** @throws Error with the system's text. `length` goes with a Buffer and with nothing else. */
  readonly setOption: {
    (level: number, option: number, value: number): void;
    (level: number, option: number, value: Buffer, length: number): void;
  };
  /** @throws Error with the system's text. @returns bytes written to `value`. */
  readonly getOption: (level: number, option: number, value: Buffer, length: number) => number;
  readonly on: {
    (event: "message", listener: OnMessage): unknown;
    /** What the system said; when waiting itself failed, `close` follows. */
    (event: "error", listener: (error: Error) => void): unknown;
    (event: "close", listener: () => void): unknown;
  };
  readonly close: () => unknown;
};

export type RawSocketPackage = {
  /** @throws Error with the system's text. */
  readonly createSocket: (options: {
    readonly protocol: number;
    /** 1 is IPv4, 2 is IPv6: the package numbers the families itself. */
    readonly addressFamily: number;
    /** A packet that is longer is cut. */
    readonly bufferSize: number;
  }) => RawSocket;
  /** Numbers of this system. */
  readonly SocketLevel: {
    readonly SOL_SOCKET: number;
    readonly IPPROTO_IP: number;
    readonly IPPROTO_IPV6: number;
  };
  readonly SocketOption: {
    readonly SO_RCVBUF: number;
    readonly SO_SNDBUF: number;
    readonly IP_TTL: number;
    readonly IP_TOS: number;
    readonly IPV6_UNICAST_HOPS: number;
  };
};

export type LoadedRawSocket =
  | { readonly kind: "loaded"; readonly rawSocket: RawSocketPackage }
  | { readonly kind: "absent"; readonly reason: string };

/** Longest text quoted from the loader. */
const MAX_QUOTED_CHARACTERS = 200;

/**
 * Loads the npm package `raw-socket`, which is optional: its absence is a value with a reason.
 *
 * @param importPackage Gives the package as `import` does.
 */
export async function loadRawSocket(
  importPackage: () => Promise<unknown> = importRawSocket,
): Promise<LoadedRawSocket> {
  if (!isMainThread) {
    return absent("the npm package raw-socket works on the main thread only");
  }
  let rawSocket: unknown;
  try {
    rawSocket = ((await importPackage()) as { readonly default?: unknown }).default;
  } catch (error) {
    const [first = ""] = String(error instanceof Error ? error.message : error).split("\n", 1);
    const said = first.slice(0, MAX_QUOTED_CHARACTERS);
    return absent(`the npm package raw-socket does not load: ${said}`);
  }
  if (!isRawSocketPackage(rawSocket)) {
    return absent("the npm package raw-socket is of a version that is not known here; install 1.8");
  }
  return { kind: "loaded", rawSocket };
}

function importRawSocket(): Promise<unknown> {
  // Not a literal: the package is optional, and the compiler would ask for its types.
  const name: string = "raw-socket";
  return import(name);
}

function absent(reason: string): LoadedRawSocket {
  return { kind: "absent", reason };
}

function isRawSocketPackage(found: unknown): found is RawSocketPackage {
  const { createSocket, Socket, SocketLevel, SocketOption } = (found ?? {}) as {
    readonly createSocket?: unknown;
    readonly Socket?: { readonly prototype?: Partial<RawSocket> };
    readonly SocketLevel?: unknown;
    readonly SocketOption?: unknown;
  };
  return (
    typeof createSocket === "function" &&
    typeof Socket?.prototype?.onRecvReady === "function" &&
    typeof Socket.prototype.onSendReady === "function" &&
    typeof SocketLevel === "object" &&
    typeof SocketOption === "object"
  );
}
