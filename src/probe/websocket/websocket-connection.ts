import type { ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { quote } from "../../runtime/found.ts";
import type { Attempt } from "../attempt.ts";
import { type Failed, failed, failureOf } from "../failure.ts";
import type { WebsocketStep } from "./websocket-options.ts";
import type { HandshakeHeaders } from "./websocket-request.ts";
import { type Progress, WebsocketSteps } from "./websocket-steps.ts";

/** Largest message taken, whatever the number of its fragments. */
const MAX_MESSAGE_BYTES = 2 ** 20;
/** Most of ours that may wait for a peer that does not read. */
const MAX_UNSENT_BYTES = 4 * 2 ** 20;
const NORMAL_CLOSURE = 1000;
/** What the library says of a close frame that never came, and of one without a code. */
const ABNORMAL_CLOSURE = 1006;
const NO_CODE = 1005;
const SWITCHING_PROTOCOLS = 101;

/** What the conversation learns, told as it does. */
export type UpgradeRecord = {
  statusCode: number;
  isUpgraded: boolean;
  isFailedByRegexp: boolean;
};

export type Conversation = {
  readonly attempt: Attempt;
  readonly record: UpgradeRecord;
  readonly url: URL;
  readonly handshake: HandshakeHeaders;
  readonly steps: readonly WebsocketStep[];
};

/**
 * The upgrade to a web socket and the module's messages on an open connection, which is gone afterwards.
 *
 * The protocol is the library's (`ws`): it makes the handshake on our socket, checks every frame, puts
 * fragments together and answers pings. Nothing of it waits: the probe's deadline ends everything.
 *
 * @returns why the probe failed, if it did.
 * @throws the reason of the attempt's signal.
 * @see RFC 6455; docs/decisions/0020-websocket.md
 */
export async function converse(
  socket: Socket,
  conversation: Conversation,
): Promise<Failed | undefined> {
  const { signal } = conversation.attempt;
  signal.throwIfAborted();
  let onAbort = (): void => {};
  try {
    return await new Promise<Failed | undefined>((resolve, reject) => {
      onAbort = () => reject(signal.reason as Error);
      signal.addEventListener("abort", onAbort, { once: true });
      hold(socket, conversation, resolve);
    });
  } finally {
    signal.removeEventListener("abort", onAbort);
    socket.destroy();
  }
}

function hold(
  socket: Socket,
  { attempt, record, url, handshake, steps }: Conversation,
  end: (failure: Failed | undefined) => void,
): void {
  const { stages, log, tools } = attempt;
  stages.enter("processing");
  const options = {
    createConnection: () => socket,
    headers: handshake.headers,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    finishRequest: (request: ClientRequest) => {
      request.on("information", ({ statusCode }) => {
        // Node takes a 101 without the headers of an upgrade for one of the interim answers.
        if (statusCode === SWITCHING_PROTOCOLS) onBadUpgrade(statusCode);
      });
      request.end();
    },
  };
  const websocket = new WebSocket(url, [...handshake.protocols], options);
  let unsentMessages = 0;
  let isDone = false;
  let isEnded = false;

  const finish = (failure: Failed | undefined): void => {
    isEnded = true;
    // The peer is told; nothing waits for its answer, as the socket goes at once.
    if (websocket.readyState === WebSocket.OPEN) websocket.close(NORMAL_CLOSURE);
    end(failure);
  };
  const onSent = (error?: Error | null): void => {
    unsentMessages -= 1;
    if (error) fail(failureOf(error, "dialogue"));
    else if (isDone && unsentMessages === 0) finish(undefined);
  };
  const dialogue = new WebsocketSteps({
    steps,
    regexps: tools.regexps,
    log,
    send: (message) => {
      unsentMessages += 1;
      websocket.send(message, { binary: false }, onSent);
    },
  });
  const follow = (progress: Progress): void => {
    if (progress.kind === "failed") return fail(progress);
    if (websocket.bufferedAmount > MAX_UNSENT_BYTES) {
      const why = `more than ${MAX_UNSENT_BYTES} bytes wait to be sent: the peer does not read`;
      return fail(failed("expect_too_large", why));
    }
    isDone = progress.kind === "done";
    if (isDone && unsentMessages === 0) finish(undefined);
  };
  /** As blackbox_exporter: whatever goes wrong once the module's messages have begun is its regexp's failure. */
  const fail = (failure: Failed): void => {
    if (isEnded) return;
    if (record.isUpgraded) record.isFailedByRegexp = true;
    finish(failure);
  };
  const onBadUpgrade = (statusCode: number): void => {
    record.statusCode = statusCode;
    fail(failed("websocket_upgrade", `status ${statusCode} without Upgrade: websocket`));
  };

  websocket.on("upgrade", ({ statusCode }) => {
    record.statusCode = statusCode ?? 0;
  });
  websocket.on("unexpected-response", (_request, response) => {
    record.statusCode = response.statusCode ?? 0;
    fail(refusedUpgrade(response));
  });
  websocket.on("open", () => {
    record.isUpgraded = true;
    log.add("info", "Upgraded", { subprotocol: websocket.protocol });
    if (steps.length > 0) stages.enter("dialogue");
    follow(dialogue.begin());
  });
  websocket.on("message", (data) => {
    if (!isDone && Buffer.isBuffer(data)) follow(dialogue.hear(data));
  });
  websocket.on("close", (code, reason) => {
    // A peer that has heard all it waits for may go before our last message has left.
    if (isDone && !isEnded) finish(undefined);
    else fail(closedBy(code, reason));
  });
  // Stays for good: the library tells an error of what was broken off, too.
  websocket.on("error", (error) => fail(errorFailure(error, record, attempt)));
}

function refusedUpgrade({ statusCode, headers }: IncomingMessage): Failed {
  const { location } = headers;
  const detail =
    location === undefined
      ? `status ${statusCode}, wanted ${SWITCHING_PROTOCOLS}`
      : `status ${statusCode}: redirects are not followed, the place is ${quote(location)}`;
  return failed("websocket_upgrade", detail);
}

function closedBy(code: number, reason: Buffer): Failed {
  if (code === ABNORMAL_CLOSURE) {
    return failed("dialogue_closed", "the peer closed the connection without a word");
  }
  const shown = code === NO_CODE ? "without a code" : `with code ${code}`;
  const said = reason.length === 0 ? "" : `: ${quote(reason.toString("utf8"))}`;
  return failed("dialogue_closed", `the peer closed the web socket ${shown}${said}`);
}

/** The library's codes for a message beyond its limits. */
const TOO_LARGE: ReadonlySet<string> = new Set([
  "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH",
  "WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH",
  "WS_ERR_TOO_MANY_BUFFERED_PARTS",
]);

function errorFailure(error: Error, record: UpgradeRecord, { stages }: Attempt): Failed {
  const code = "code" in error ? String(error.code) : "";
  if (TOO_LARGE.has(code)) {
    const limits = `at most ${MAX_MESSAGE_BYTES} bytes are taken`;
    return failed("expect_too_large", `a message is too large, ${limits}: ${error.message}`);
  }
  if (code.startsWith("WS_ERR_")) {
    return failed("websocket_protocol", `the peer breaks the protocol: ${error.message}`);
  }
  if (record.statusCode === SWITCHING_PROTOCOLS && !record.isUpgraded) {
    return failed("websocket_upgrade", `the upgrade is not valid: ${error.message}`);
  }
  return failureOf(error, stages.current);
}
