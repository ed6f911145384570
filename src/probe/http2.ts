import { type ClientHttp2Session, constants, connect as openSession } from "node:http2";
import type { Socket } from "node:net";
import {
  announcedLength,
  headerLists,
  MAX_HEAD_BYTES,
  type ResponseSink,
  type WireRequest,
} from "./exchange.ts";
import type { Stages } from "./stages.ts";

/** Megabytes that one session of Node's may hold. */
const MAX_SESSION_MEGABYTES = 10;

/**
 * One request and its answer over HTTP/2 on an open connection, which is gone afterwards.
 *
 * Node's own client, not undici's: undici fails a running request on any GOAWAY, also on the polite
 * one by which a server announces that this stream is its last (RFC 9113 section 6.8), and does not
 * tell when the request left. The first byte is that of the first HEADERS frame of the stream; the
 * server's SETTINGS, which come unasked, are no answer.
 *
 * @throws what the session or the stream reports; `failureOf` knows the reasons.
 */
export async function exchangeHttp2(
  socket: Socket,
  request: WireRequest,
  sink: ResponseSink,
  stages: Stages,
): Promise<void> {
  const session = openSession(`https://${request.host}`, {
    createConnection: () => socket,
    maxSessionMemory: MAX_SESSION_MEGABYTES,
    settings: { enablePush: false, maxHeaderListSize: MAX_HEAD_BYTES },
  });
  try {
    await converse(session, request, sink, stages);
  } finally {
    session.destroy();
    socket.destroy();
  }
}

async function converse(
  session: ClientHttp2Session,
  request: WireRequest,
  sink: ResponseSink,
  stages: Stages,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    session.on("error", reject);
    session.on("close", () => reject(closed("the connection was closed")));
    session.on("goaway", (code) => {
      if (code !== constants.NGHTTP2_NO_ERROR) reject(protocolError(`GOAWAY with code ${code}`));
    });
    const hasBody = request.body !== undefined && request.body.length > 0;
    const stream = session.request(fields(request), { endStream: !hasBody });
    const onWritten = (): void => {
      if (stages.current === "request") stages.enter("processing");
    };
    const onFirstByte = (): void => {
      const { current } = stages;
      if (current === "request" || current === "processing") stages.enter("head");
    };
    if (hasBody) stream.end(request.body, onWritten);
    else if (!stream.pending) onWritten();
    else stream.once("ready", onWritten);
    stream.on("headers", onFirstByte);
    stream.on("response", (headers, flags) => {
      onFirstByte();
      stages.enter("body");
      const lists = headerLists(headers as Record<string, string | string[] | undefined>);
      const isEnd = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      const announced = announcedLength(lists);
      const isMore = sink.onHead({
        statusCode: headers[":status"] ?? 0,
        httpVersion: 2,
        contentLengthBytes: announced < 0 && isEnd && request.method !== "HEAD" ? 0 : announced,
        headers: lists,
      });
      if (!isMore) resolve();
    });
    stream.on("data", (chunk: Buffer) => {
      if (!sink.onData(chunk)) resolve();
    });
    stream.on("end", () => {
      if (stages.current === "body") resolve();
    });
    stream.on("error", reject);
    stream.on("close", () => reject(resetError(stream.rstCode)));
  });
}

/** Connection headers do not exist in HTTP/2 (RFC 9113 section 8.2.2); names are lower-case. */
function fields(request: WireRequest): Record<string, string> {
  const headers: Record<string, string> = {
    ":method": request.method,
    ":path": request.path,
    ":scheme": "https",
    ":authority": request.host,
  };
  for (const [name, value] of request.headers) headers[name.toLowerCase()] = value;
  const { body, method } = request;
  const isLengthExpected = method === "POST" || method === "PUT" || method === "PATCH";
  if ((body !== undefined && body.length > 0) || isLengthExpected) {
    headers["content-length"] = String(body?.length ?? 0);
  }
  return headers;
}

function resetError(code: number): Error {
  return code === constants.NGHTTP2_NO_ERROR || code === constants.NGHTTP2_CANCEL
    ? closed(`the stream was closed with code ${code}`)
    : protocolError(`the stream was reset with code ${code}`);
}

function closed(message: string): Error {
  return Object.assign(new Error(message), { code: "ECONNRESET" });
}

function protocolError(message: string): Error {
  return Object.assign(new Error(message), { code: "ERR_HTTP2_STREAM_ERROR" });
}
