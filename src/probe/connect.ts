import { isIP, connect as openTcp, type Socket } from "node:net";
import { connect as openTls, type TLSSocket } from "node:tls";
import { type Failed, failureOf } from "./failure.ts";
import type { TlsFacts } from "./prober.ts";
import type { StageClock } from "./stages.ts";
import type { TlsTrust } from "./tls/tls-context.ts";
import {
  handshakeFailure,
  type ReadTls,
  readTlsFacts,
  verificationFailure,
} from "./tls/tls-facts.ts";

/** How TLS is to be spoken on one connection. */
export type TlsPlan = {
  readonly context: TlsTrust;
  /** For SNI and for the names in the certificate; an IP address is checked but not sent (RFC 6066). */
  readonly serverName: string;
  readonly isVerified: boolean;
  /** Names of protocols offered (ALPN, RFC 7301); none offers nothing. */
  readonly protocols: readonly string[];
};

/** How the connecting ended. What TLS showed is there also when it was not to be trusted. */
export type Connection =
  | {
      readonly kind: "connected";
      readonly socket: Socket;
      readonly isHttp2: boolean;
      readonly tls: TlsFacts | undefined;
    }
  | (Failed & { readonly tls: TlsFacts | undefined });

/** Where a connection goes: an address and port, or a unix socket's path. */
export type Destination =
  | {
      readonly host: string;
      readonly port: number;
      /** The address of this machine to come from; undefined leaves it to the system. */
      readonly sourceAddress?: string | undefined;
    }
  | { readonly path: string };

/** Begins to open a stream connection; handed in where a test holds it. */
export type OpenSocket = (to: Destination) => Socket;

export const openSocket: OpenSocket = (to) => {
  if ("path" in to) return openTcp({ path: to.path });
  const { host, port, sourceAddress } = to;
  const socket = openTcp({
    host,
    port,
    autoSelectFamily: false,
    ...(sourceAddress === undefined ? {} : { localAddress: sourceAddress }),
  });
  socket.setNoDelay(true);
  return socket;
};

export type ConnectTools = {
  readonly open: OpenSocket;
  readonly stages: StageClock;
  readonly signal: AbortSignal;
};

/**
 * A fresh connection, TLS included, as far as `stages` tells. Nothing is sent to a peer whose
 * certificate does not hold.
 *
 * @throws the reason of `signal`; the socket is gone then.
 */
export async function connect(
  to: Destination,
  tls: TlsPlan | undefined,
  tools: ConnectTools,
): Promise<Connection> {
  const { stages, signal } = tools;
  signal.throwIfAborted();
  stages.enter("connect");
  const plain = tools.open(to);
  const failure = await opened(plain, "connect", tools, (error) => failureOf(error, "connect"));
  if (failure !== undefined) return { ...failure, tls: undefined };
  if (tls !== undefined) return await secure(plain, tls, tools);
  stages.enter("request");
  return { kind: "connected", socket: plain, isHttp2: false, tls: undefined };
}

/**
 * TLS on an open connection: after connecting, after a proxy's tunnel stands, or after STARTTLS. The
 * plain socket must not be read from any more.
 *
 * @throws the reason of `signal`; the socket is gone then.
 */
export async function secure(
  plain: Socket,
  plan: TlsPlan,
  tools: Pick<ConnectTools, "stages" | "signal">,
): Promise<Connection> {
  const { stages } = tools;
  stages.enter("tls");
  const socket = handshake(plain, plan);
  let seen: ReadTls | undefined;
  const tlsFailure = await opened(socket, "secureConnect", tools, (error) => {
    // Until TLS 1.3 a server that wants a certificate of ours breaks off when its own has been shown.
    seen = readTlsFacts(socket, false);
    return handshakeFailure(error, seen !== undefined);
  });
  if (tlsFailure !== undefined) return { ...tlsFailure, tls: seen?.facts };
  stages.enter("request");
  const shown = plan.context.chains.read(socket, plan.isVerified && socket.authorized);
  const failure = plan.isVerified
    ? verificationFailure(socket, shown?.leaf, plan.serverName)
    : undefined;
  if (failure !== undefined) {
    socket.destroy();
    return { ...failure, tls: withoutVerified(shown) };
  }
  return { kind: "connected", socket, isHttp2: socket.alpnProtocol === "h2", tls: shown?.facts };
}

function withoutVerified(shown: ReadTls | undefined): TlsFacts | undefined {
  return shown === undefined ? undefined : { ...shown.facts, verifiedNotAfterSeconds: undefined };
}

function handshake(plain: Socket, plan: TlsPlan): TLSSocket {
  const sentName = isIP(plan.serverName) === 0 ? plan.serverName.replace(/\.$/, "") : "";
  return openTls({
    socket: plain,
    secureContext: plan.context.secure,
    servername: sentName,
    ...(plan.protocols.length === 0 ? {} : { ALPNProtocols: [...plan.protocols] }),
    // The handshake is let through so that its facts can be read; `verificationFailure` decides.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
}

/**
 * Waits for the event that says a socket is ready.
 *
 * @param reasonOf Asked of an error while the socket can still be looked at.
 * @returns why it never will be.
 */
async function opened(
  socket: Socket,
  event: "connect" | "secureConnect",
  { signal }: Pick<ConnectTools, "signal">,
  reasonOf: (error: Error) => Failed,
): Promise<Failed | undefined> {
  return await new Promise((resolve, reject) => {
    let isOver = false;
    const end = (): void => {
      isOver = true;
      socket.off(event, onReady);
      socket.off("close", onClose);
      signal.removeEventListener("abort", onAbort);
    };
    const onReady = (): void => {
      end();
      resolve(undefined);
    };
    const onError = (error: Error): void => {
      if (!isOver) resolve(reasonOf(error));
      end();
      socket.destroy();
    };
    const onClose = (): void => onError(new Error("the peer closed the connection"));
    const onAbort = (): void => {
      end();
      socket.destroy();
      reject(signal.reason as Error);
    };
    // Stays for the life of the socket: an error after the ready event must not go uncaught.
    socket.on("error", onError);
    socket.once(event, onReady);
    socket.once("close", onClose);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
