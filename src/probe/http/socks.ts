import type { Socket } from "node:net";
import { addressBytes } from "../../runtime/address.ts";
import type { Peer } from "../dialogue/peer.ts";
import { type Failed, failed } from "../failure.ts";
import type { Proxy } from "./proxy.ts";
import { askProxy, unheard } from "./tunnel.ts";

const VERSION = 5;
const CREDENTIALS_VERSION = 1;
const METHOD = { none: 0, credentials: 2, noneAcceptable: 0xff } as const;
const CONNECT = 1;
const ADDRESS_TYPE = { ipv4: 1, name: 3, ipv6: 4 } as const;
const MAX_NAME_BYTES = 255;

/** RFC 1928 section 6 */
const REFUSALS: readonly string[] = [
  "",
  "general failure",
  "not allowed by its rules",
  "network unreachable",
  "host unreachable",
  "connection refused",
  "TTL expired",
  "command not supported",
  "address type not supported",
];

/**
 * Asks a SOCKS proxy to connect (RFC 1928, with user and password by RFC 1929). Afterwards the socket is the
 * connection and stands still.
 *
 * @param to An address, or a name for the proxy to look up.
 * @returns why there is no connection; the socket is gone then.
 * @throws the reason of the signal; the socket is gone then too.
 */
export async function connectBySocks(
  socket: Socket,
  to: { readonly host: string; readonly port: number },
  credentials: Proxy["credentials"],
  signal: AbortSignal,
): Promise<Failed | undefined> {
  const request = connectRequest(to.host, to.port);
  if (request === undefined) {
    socket.destroy();
    return failed("bad_target", `a name for SOCKS may have at most ${MAX_NAME_BYTES} bytes`);
  }
  return await askProxy(socket, signal, async (peer) => {
    return (await authenticate(peer, credentials)) ?? (await ask(peer, request));
  });
}

async function authenticate(
  peer: Peer,
  credentials: Proxy["credentials"],
): Promise<Failed | undefined> {
  const methods = credentials === undefined ? [METHOD.none] : [METHOD.none, METHOD.credentials];
  const unsent = await peer.write(Buffer.from([VERSION, methods.length, ...methods]));
  if (unsent !== undefined) return unsent;
  const chosen = await peer.bytes(2);
  if (chosen.kind !== "heard") return unheard(chosen);
  const [version, method] = chosen.bytes;
  if (version !== VERSION)
    return failed("proxy_refused", "the proxy does not speak SOCKS version 5");
  if (method === METHOD.none) return undefined;
  if (method !== METHOD.credentials || credentials === undefined) {
    const remedy = credentials === undefined ? ": write user and password into proxy_url" : "";
    return failed("proxy_refused", `the SOCKS proxy wants another authentication${remedy}`);
  }
  const user = Buffer.from(credentials.user);
  const password = Buffer.from(credentials.password);
  const head = [CREDENTIALS_VERSION, user.length];
  const said = Buffer.concat([Buffer.from(head), user, Buffer.from([password.length]), password]);
  const unsaid = await peer.write(said);
  if (unsaid !== undefined) return unsaid;
  const judged = await peer.bytes(2);
  if (judged.kind !== "heard") return unheard(judged);
  if (judged.bytes[1] === 0) return undefined;
  return failed("proxy_refused", "the SOCKS proxy does not accept user and password of proxy_url");
}

async function ask(peer: Peer, request: Buffer): Promise<Failed | undefined> {
  const unsent = await peer.write(request);
  if (unsent !== undefined) return unsent;
  const head = await peer.bytes(4);
  if (head.kind !== "heard") return unheard(head);
  const [version, reply = 0, , type] = head.bytes;
  if (version !== VERSION) return failed("proxy_refused", "the SOCKS proxy's answer is malformed");
  if (reply !== 0) {
    const why = REFUSALS[reply] ?? `code ${reply}`;
    return failed("proxy_refused", `the SOCKS proxy does not connect: ${why}`);
  }
  // Where the proxy itself comes from is of no use, but stands before what follows.
  let lengthBytes = type === ADDRESS_TYPE.ipv4 ? 4 : 16;
  if (type === ADDRESS_TYPE.name) {
    const length = await peer.bytes(1);
    if (length.kind !== "heard") return unheard(length);
    lengthBytes = length.bytes[0] ?? 0;
  } else if (type !== ADDRESS_TYPE.ipv4 && type !== ADDRESS_TYPE.ipv6) {
    return failed("proxy_refused", "the SOCKS proxy's answer is malformed");
  }
  const rest = await peer.bytes(lengthBytes + 2);
  return rest.kind === "heard" ? undefined : unheard(rest);
}

function connectRequest(host: string, port: number): Buffer | undefined {
  const bytes = addressBytes(host);
  const head = [VERSION, CONNECT, 0];
  const tail = Buffer.from([port >> 8, port & 0xff]);
  if (bytes !== undefined) {
    const type = bytes.length === 4 ? ADDRESS_TYPE.ipv4 : ADDRESS_TYPE.ipv6;
    return Buffer.concat([Buffer.from([...head, type]), bytes, tail]);
  }
  const name = Buffer.from(host);
  if (name.length > MAX_NAME_BYTES) return undefined;
  return Buffer.concat([Buffer.from([...head, ADDRESS_TYPE.name, name.length]), name, tail]);
}
