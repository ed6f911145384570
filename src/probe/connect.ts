import { isIP, connect as openTcp, type Socket } from "node:net";
import { connect as openTls, type SecureContext, type TLSSocket } from "node:tls";
import { type Failed, failureOf } from "./failure.ts";
import type { TlsFacts } from "./prober.ts";
import type { Stages } from "./stages.ts";
import { type ReadTls, readTlsFacts, verificationFailure } from "./tls/tls-facts.ts";

/** How TLS is to be spoken on one connection. */
export type TlsPlan = {
  readonly context: SecureContext;
  /** For SNI and for the names in the certificate; an IP address is checked but not sent (RFC 6066). */
  readonly serverName: string;
  readonly isVerified: boolean;
  readonly isHttp2Offered: boolean;
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

/** Opens a TCP connection to an address in text; handed in where a test holds it. */
export type OpenSocket = (to: { readonly host: string; readonly port: number }) => Socket;

export const openSocket: OpenSocket = ({ host, port }) => {
  const socket = openTcp({ host, port, autoSelectFamily: false });
  socket.setNoDelay(true);
  return socket;
};

/**
 * A fresh connection to an address, TLS included, as far as `stages` tells. Nothing is sent to a
 * peer whose certificate does not hold.
 *
 * @throws the reason of `signal`; the socket is gone then.
 */
export async function connect(
  to: { readonly address: string; readonly port: number; readonly tls: TlsPlan | undefined },
  tools: { readonly open: OpenSocket; readonly stages: Stages; readonly signal: AbortSignal },
): Promise<Connection> {
  const { stages, signal } = tools;
  signal.throwIfAborted();
  stages.enter("connect");
  const tcp = tools.open({ host: to.address, port: to.port });
  const tcpFailure = await opened(tcp, "connect", tools);
  if (tcpFailure !== undefined) return { ...tcpFailure, tls: undefined };
  if (to.tls === undefined) {
    stages.enter("request");
    return { kind: "connected", socket: tcp, isHttp2: false, tls: undefined };
  }
  stages.enter("tls");
  const socket = handshake(tcp, to.tls);
  const tlsFailure = await opened(socket, "secureConnect", tools);
  if (tlsFailure !== undefined) return { ...tlsFailure, tls: undefined };
  stages.enter("request");
  const shown = readTlsFacts(socket, to.tls.isVerified && socket.authorized);
  const failure = to.tls.isVerified
    ? verificationFailure(socket, shown?.leaf, to.tls.serverName)
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

function handshake(tcp: Socket, plan: TlsPlan): TLSSocket {
  const sentName = isIP(plan.serverName) === 0 ? plan.serverName.replace(/\.$/, "") : "";
  return openTls({
    socket: tcp,
    secureContext: plan.context,
    servername: sentName,
    ALPNProtocols: plan.isHttp2Offered ? ["h2", "http/1.1"] : ["http/1.1"],
    // The handshake is let through so that its facts can be read; `verificationFailure` decides.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
}

/** Waits for the event that says a socket is ready. @returns why it never will be. */
async function opened(
  socket: Socket,
  event: "connect" | "secureConnect",
  { stages, signal }: { readonly stages: Stages; readonly signal: AbortSignal },
): Promise<Failed | undefined> {
  const stage = stages.current;
  return await new Promise((resolve, reject) => {
    const end = (): void => {
      socket.off(event, onReady);
      socket.off("close", onClose);
      signal.removeEventListener("abort", onAbort);
    };
    const onReady = (): void => {
      end();
      resolve(undefined);
    };
    const onError = (error: Error): void => {
      end();
      socket.destroy();
      resolve(failureOf(error, stage));
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
