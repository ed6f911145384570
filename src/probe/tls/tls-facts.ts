import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import { type Failed, failed, failureOf } from "../failure.ts";
import type { TlsFacts } from "../prober.ts";

/** Longest chain looked at; a peer may send a longer one, or one that bites its tail. */
const MAX_CHAIN = 20;

/**
 * What a handshake showed, finished or broken off; for the latter while its error is told.
 *
 * To be called once a socket: Node hands out the presented chain by `getPeerX509Certificate` and
 * takes it apart while doing so, which is why the verified chain is read before it.
 *
 * @returns undefined when the peer presented no certificate.
 */
export function readTlsFacts(socket: TLSSocket, isVerified: boolean): ReadTls | undefined {
  const verified = isVerified ? verifiedNotAfter(socket) : undefined;
  const leaf = socket.getPeerX509Certificate();
  if (leaf === undefined) return undefined;
  const facts: TlsFacts = {
    ...versionAndCipher(socket),
    earliestNotAfterSeconds: Math.min(...presented(leaf).map((one) => unixSeconds(one.validTo))),
    verifiedNotAfterSeconds: verified,
    leaf: {
      fingerprintSha256: leaf.fingerprint256.replaceAll(":", "").toLowerCase(),
      subject: distinguishedName(leaf.subject),
      issuer: distinguishedName(leaf.issuer),
      subjectAlternative: dnsNames(leaf.subjectAltName),
      serialNumber: leaf.serialNumber.toLowerCase(),
    },
  };
  return { facts, leaf };
}

/** What both sides agreed upon; of the connection, not of the certificate. */
export function versionAndCipher(socket: TLSSocket): Pick<TlsFacts, "version" | "cipher"> {
  return {
    version: (socket.getProtocol() ?? "").replace(/^TLSv1$/, "TLS 1.0").replace(/^TLSv/, "TLS "),
    cipher: socket.getCipher().standardName,
  };
}

export type ReadTls = { readonly facts: TlsFacts; readonly leaf: X509Certificate };

function presented(leaf: X509Certificate): X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (
    let one: X509Certificate | undefined = leaf;
    one !== undefined && chain.length < MAX_CHAIN;
    one = one.issuerCertificate
  ) {
    chain.push(one);
  }
  return chain;
}

/** The first end of validity on the way from the leaf to its root, the root included. */
function verifiedNotAfter(socket: TLSSocket): number | undefined {
  let earliest = Number.POSITIVE_INFINITY;
  let one: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  for (let depth = 0; one?.valid_to !== undefined && depth < MAX_CHAIN; depth += 1) {
    earliest = Math.min(earliest, unixSeconds(one.valid_to));
    const issuer: DetailedPeerCertificate | undefined = one.issuerCertificate;
    one = issuer === one ? undefined : issuer;
  }
  return Number.isFinite(earliest) ? earliest : undefined;
}

/** OpenSSL writes `Dec  1 02:10:42 2026 GMT`. */
function unixSeconds(validTo: string): number {
  return Date.parse(validTo) / 1000;
}

/** Go's order of attributes in a name, last first (crypto/x509/pkix `Name.String`). */
const GO_ORDER = ["serialNumber", "CN", "postalCode", "street", "ST", "L", "OU", "O", "C"];
const GO_SPELLING: Readonly<Record<string, string>> = {
  serialNumber: "SERIALNUMBER",
  postalCode: "POSTALCODE",
  street: "STREET",
};

/** RFC 2253 as Go prints it, from OpenSSL's lines of `key=value`. */
function distinguishedName(lines: string | undefined): string {
  const values = new Map<string, string[]>();
  for (const line of (lines ?? "").split("\n")) {
    const at = line.indexOf("=");
    if (at < 1) continue;
    const key = line.slice(0, at);
    values.set(key, [...(values.get(key) ?? []), line.slice(at + 1)]);
  }
  return GO_ORDER.flatMap((key) => {
    const all = values.get(key);
    if (all === undefined) return [];
    return [all.map((value) => `${GO_SPELLING[key] ?? key}=${value}`).join("+")];
  }).join(",");
}

function dnsNames(subjectAltName: string | undefined): string {
  return [...(subjectAltName ?? "").matchAll(/(?:^|, )DNS:("(?:[^"\\]|\\.)*"|[^,]*)/g)]
    .map(([, name = ""]) => name)
    .join(",");
}

/** What many servers of TLS 1.2 say to a client without the certificate they asked for. RFC 5246 section 7.4.6 */
const HANDSHAKE_FAILURE = /ALERT_HANDSHAKE_FAILURE$/;

/**
 * Why a handshake was broken off.
 *
 * @param hasCertificate Whether the server had shown its certificate: version and cipher were agreed
 *   upon then, and all that is left to refuse is ours.
 */
export function handshakeFailure(error: Error, hasCertificate: boolean): Failed {
  const failure = failureOf(error, "tls");
  const code = "code" in error ? String(error.code) : "";
  if (!hasCertificate || !HANDSHAKE_FAILURE.test(code)) return failure;
  return failed(
    "tls_client_certificate",
    `the server wants a client certificate: ${failure.detail}`,
  );
}

/**
 * Whether the peer may be believed: its chain by OpenSSL, then its name.
 *
 * @param serverName What the certificate must be for: a name, or an IP address.
 * @see RFC 9525 section 6: names stand in subjectAltName alone, never in the common name.
 */
export function verificationFailure(
  socket: TLSSocket,
  leaf: X509Certificate | undefined,
  serverName: string,
): Failed | undefined {
  if (leaf === undefined) return failed("tls_untrusted", "the server showed no certificate");
  if (!socket.authorized) return chainFailure(String(socket.authorizationError), leaf);
  if (isNamed(leaf, serverName)) return undefined;
  const names = (leaf.subjectAltName ?? "no name").slice(0, 200);
  return failed("tls_name_mismatch", `the certificate is for ${names}, not for ${serverName}`);
}

function isNamed(leaf: X509Certificate, serverName: string): boolean {
  if (isIP(serverName) !== 0) return leaf.checkIP(serverName) !== undefined;
  // Node throws on it, and no certificate has one.
  if (serverName.includes("\0")) return false;
  return leaf.checkHost(serverName, { subject: "never", partialWildcards: false }) !== undefined;
}

function chainFailure(code: string, leaf: X509Certificate): Failed {
  switch (code) {
    case "CERT_HAS_EXPIRED":
      return failed("tls_expired", `a certificate has expired; the server's ends ${leaf.validTo}`);
    case "CERT_NOT_YET_VALID":
      return failed(
        "tls_not_yet_valid",
        `a certificate is not valid yet; the server's begins ${leaf.validFrom}`,
      );
    default:
      return failed("tls_untrusted", `no chain to a trusted root: ${code}`);
  }
}
