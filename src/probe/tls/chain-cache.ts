import { createHash } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { Clock } from "../../runtime/clock.ts";
import { sessionCertificate } from "./session-certificate.ts";
import { type ReadTls, readTlsFacts, versionAndCipher } from "./tls-facts.ts";

/** Servers remembered; the one read longest ago goes. */
const MAX_KEPT = 256;
/**
 * How long what a chain said is taken over for the same certificate at the same place. A server that changes its intermediate
 * certificates and not its own is seen to do so within this.
 */
const MAX_AGE_SECONDS = 60;

type Kept = { readonly read: ReadTls; readonly readAtSeconds: number };

/**
 * What the chains of servers said, so that a chain seen a moment ago is not taken apart again: that costs more than
 * the rest of a handshake. Whether it is trusted is asked of OpenSSL each time.
 *
 * One for each store of roots: the end of a verified chain hangs on it.
 */
export class ChainCache {
  readonly #clock: Pick<Clock, "monotonicSeconds">;
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Pick<Clock, "monotonicSeconds">) {
    this.#clock = clock;
  }

  /**
   * What a finished handshake showed; undefined when the peer presented no certificate. To be called once a socket.
   *
   * @param isVerified Whether its chain leads to a trusted root.
   */
  read(socket: TLSSocket, isVerified: boolean): ReadTls | undefined {
    const certificate = sessionCertificate(socket.getSession());
    if (certificate === undefined) return readTlsFacts(socket, isVerified);
    const digest = createHash("sha256").update(certificate).digest("base64");
    // The same certificate may stand on several machines, and not with the same intermediate ones.
    const place = `${socket.remoteAddress} ${socket.remotePort}`;
    const name = `${isVerified ? "verified" : "presented"} ${place} ${digest}`;
    const nowSeconds = this.#clock.monotonicSeconds();
    const kept = this.#kept.get(name);
    if (kept !== undefined && nowSeconds - kept.readAtSeconds < MAX_AGE_SECONDS) {
      const { facts, leaf } = kept.read;
      return { facts: { ...facts, ...versionAndCipher(socket) }, leaf };
    }
    const read = readTlsFacts(socket, isVerified);
    this.#kept.delete(name);
    if (read === undefined) return undefined;
    this.#kept.set(name, { read, readAtSeconds: nowSeconds });
    if (this.#kept.size > MAX_KEPT) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    return read;
  }
}
