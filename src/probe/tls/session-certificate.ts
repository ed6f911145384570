/** Context-specific, constructed, number 3: where OpenSSL keeps the peer's certificate in a session (ssl/ssl_asn1.c). */
const PEER_TAG = 0xa3;
const SEQUENCE_TAG = 0x30;

type Element = { readonly tag: number; readonly from: number; readonly to: number };

/**
 * The DER of the server's own certificate out of a TLS session as Node serialises it.
 *
 * A twentieth of the time that it takes to have the certificate parsed, so it tells cheaply whether it is the one seen
 * before.
 *
 * @returns undefined where it is not found; nobody promises the form.
 */
export function sessionCertificate(session: Uint8Array | undefined): Uint8Array | undefined {
  if (session === undefined) return undefined;
  const outer = elementAt(session, 0);
  if (outer?.tag !== SEQUENCE_TAG) return undefined;
  for (let at = outer.from; at < outer.to; ) {
    const element = elementAt(session, at);
    if (element === undefined) return undefined;
    if (element.tag === PEER_TAG) return session.subarray(element.from, element.to);
    at = element.to;
  }
  return undefined;
}

/** One element of DER with a tag of one byte (X.690 sections 8.1.2, 8.1.3); undefined where it leaves the bytes. */
function elementAt(bytes: Uint8Array, at: number): Element | undefined {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) return undefined;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (lengthBytes > 3) return undefined;
  let length = lengthBytes === 0 ? first : 0;
  for (let by = 0; by < lengthBytes; by += 1) length = length * 256 + (bytes[at + 2 + by] ?? 0);
  const from = at + 2 + lengthBytes;
  const to = from + length;
  return to > bytes.length ? undefined : { tag, from, to };
}
