import { createSecureServer } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import type { Server } from "node:net";
import type { TlsOptions } from "node:tls";
import { answerHttp } from "./http-server.ts";
import { type Close, closeAll, listenOn } from "./listening.ts";
import type { CertificateFolder } from "./parity-case.ts";

/** Servers with TLS, by what is particular about them. All are on 127.0.0.1. */
export const TLS_PORTS = {
  good: 8_440,
  other: 8_441,
  nameless: 8_442,
  expired: 8_443,
  early: 8_444,
  self: 8_445,
  /** Wants a certificate of the client, in the handshake (TLS 1.2). */
  clientOld: 8_446,
  /** Wants one too, and says so only after the handshake (TLS 1.3). */
  client: 8_447,
  /** The newest it speaks is TLS 1.2. */
  old: 8_448,
  /** HTTP/2 when asked for. */
  http2: 8_449,
  /** Sends the authority's certificate as well. */
  chain: 8_450,
  rsa: 8_451,
} as const;

const CERTIFICATES = ["good", "other", "nameless", "expired", "early", "self", "rsa"] as const;

export async function openTlsServers(certificates: CertificateFolder): Promise<Close> {
  const good = certificates.read("good");
  const { cert: ca } = certificates.read("ca");
  const asking: TlsOptions = { ...good, ca, requestCert: true, rejectUnauthorized: true };
  const https = (options: TlsOptions): Server => createHttpsServer(options, answerHttp);
  const servers: readonly (readonly [number, Server])[] = [
    ...CERTIFICATES.map(
      (name) => [TLS_PORTS[name], https(certificates.read(name))] as readonly [number, Server],
    ),
    [TLS_PORTS.clientOld, https({ ...asking, maxVersion: "TLSv1.2" })],
    [TLS_PORTS.client, https({ ...asking, minVersion: "TLSv1.3" })],
    [TLS_PORTS.old, https({ ...good, maxVersion: "TLSv1.2" })],
    [TLS_PORTS.chain, https({ ...good, cert: `${good.cert}${ca}` })],
    [TLS_PORTS.http2, createSecureServer({ ...good, allowHTTP1: true }, answerHttp)],
  ];
  const closes = await Promise.all(
    servers.map(([port, server]) => {
      // A client that does not like the certificate breaks off.
      server.on("tlsClientError", () => {});
      return listenOn(server, port);
    }),
  );
  return () => closeAll(closes);
}
