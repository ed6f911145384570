import type { Socket } from "node:net";
import { quote } from "../../runtime/found.ts";
import { type Heard, Peer } from "../dialogue/peer.ts";
import { type Failed, failed } from "../failure.ts";

/** Most that is read of the head of a proxy's answer. */
const MAX_HEAD_BYTES = 64 * 1024;
const MAX_HEAD_LINES = 200;

const STATUS_LINE = /^HTTP\/1\.\d (\d{3})(?: (.*))?$/;

/** What is asked of a proxy over HTTP/1.1. */
export type TunnelRequest = {
  /** `host:port`, IPv6 addresses in brackets. */
  readonly authority: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
};

/**
 * Asks an HTTP proxy for a tunnel (RFC 9110 section 9.3.6). Afterwards the socket is the tunnel and stands still.
 *
 * Any 2xx opens it. What the proxy sends behind the head of its answer is dropped: the client speaks first.
 *
 * @returns why there is no tunnel; the socket is gone then.
 * @throws the reason of the signal; the socket is gone then too.
 */
export async function openTunnel(
  socket: Socket,
  request: TunnelRequest,
  signal: AbortSignal,
): Promise<Failed | undefined> {
  return await askProxy(socket, signal, async (peer) => {
    const { authority, headers } = request;
    const lines = [
      `CONNECT ${authority} HTTP/1.1`,
      `Host: ${authority}`,
      ...headers.map(([name, value]) => `${name}: ${value}`),
    ];
    const unsent = await peer.write(Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"));
    return unsent ?? (await readHead(peer));
  });
}

async function readHead(peer: Peer): Promise<Failed | undefined> {
  let status: RegExpExecArray | undefined;
  let readBytes = 0;
  for (let count = 0; count < MAX_HEAD_LINES; count += 1) {
    const heard = await peer.line();
    if (heard.kind !== "heard") return unheard(heard);
    readBytes += heard.bytes.length;
    if (readBytes > MAX_HEAD_BYTES) break;
    if (heard.bytes.length === 0 && status !== undefined) return refusal(status);
    if (status !== undefined) continue;
    const line = heard.bytes.toString("latin1");
    const parsed = STATUS_LINE.exec(line);
    if (parsed === null) {
      return failed("proxy_refused", `the proxy's answer is no HTTP: ${quote(line)}`);
    }
    status = parsed;
  }
  return failed("proxy_refused", "the head of the proxy's answer has no end");
}

function refusal([, code = "", phrase = ""]: RegExpExecArray): Failed | undefined {
  if (code.startsWith("2")) return undefined;
  const said = `the proxy opens no tunnel, it answers ${code} ${quote(phrase)}`;
  if (code !== "407") return failed("proxy_refused", said);
  return failed("proxy_refused", `${said}: write user and password into proxy_url`);
}

/** What becomes of a conversation that the proxy broke off. */
export function unheard(heard: Exclude<Heard, { readonly kind: "heard" }>): Failed {
  if (heard.kind === "ended") {
    return failed("proxy_refused", "the proxy closed the connection before its answer ended");
  }
  return failed("proxy_refused", `the proxy did not answer: ${heard.detail}`);
}

/**
 * Talks with a proxy on a fresh connection, which is handed on standing still, or is gone.
 *
 * @throws the reason of the signal.
 */
export async function askProxy(
  socket: Socket,
  signal: AbortSignal,
  talk: (peer: Peer) => Promise<Failed | undefined>,
): Promise<Failed | undefined> {
  signal.throwIfAborted();
  const peer = new Peer(socket, signal);
  let isOpen = false;
  try {
    const failure = await talk(peer);
    isOpen = failure === undefined;
    if (failure === undefined || failure.reason === "proxy_refused") return failure;
    return failed("proxy_refused", `the proxy did not answer: ${failure.detail}`);
  } finally {
    peer.leave();
    // Was for the talk alone; what is spoken through the tunnel ends as on any connection.
    socket.allowHalfOpen = false;
    if (!isOpen) socket.destroy();
  }
}
