import { createRequire } from "node:module";
import type { Socket } from "node:net";
import type { Client as UndiciClient } from "undici";
import {
  announcedLength,
  headerLists,
  MAX_HEAD_BYTES,
  type ResponseHead,
  type ResponseSink,
  type WireRequest,
} from "../exchange.ts";
import type { StageClock } from "../stages.ts";

/** The client alone: the whole package brings fetch, caches and web sockets, 9 MB in each thread that loads it. */
const Client = createRequire(import.meta.url)(
  "undici/lib/dispatcher/client.js",
) as typeof UndiciClient;

/** The connection is ours already, so undici never dials this name. */
const ORIGIN = "http://connection.invalid";
const STATUS_LINE_BYTES = "HTTP/1.x".length;

/**
 * One request and its answer over HTTP/1.1 on an open connection, which is gone afterwards.
 *
 * undici parses; a tap on its socket notes what it does not tell: when the last byte of the request
 * was written, when the first byte of the answer came, and the version in the status line.
 *
 * @throws what undici reports; `failureOf` knows the reasons.
 */
export async function exchangeHttp1(
  socket: Socket,
  request: WireRequest,
  sink: PausingSink,
  stages: StageClock,
): Promise<void> {
  const statusLine = tap(socket, stages);
  holdWhileFull(socket, sink);
  const client = new Client(ORIGIN, {
    // A callback within the call would find undici still connecting, and the request unsent.
    connect: (_options, callback) => queueMicrotask(() => callback(null, socket)),
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: MAX_HEAD_BYTES,
  });
  try {
    await dispatch(
      client,
      request,
      (statusCode, headers) => {
        stages.enter("body");
        const lists = headerLists(headers);
        return sink.onHead({
          statusCode,
          httpVersion: statusLine() === "HTTP/1.0" ? 1 : 1.1,
          contentLengthBytes: lengthOf(statusCode, lists),
          headers: lists,
        });
      },
      sink,
    );
  } finally {
    socket.destroy();
    await client.destroy();
  }
}

/** A sink that can be full for a while: nothing is read until what `room` gave has settled. */
export type PausingSink = ResponseSink & { readonly room?: () => Promise<void> | undefined };

/** @see RFC 9112 section 6.3: Transfer-Encoding overrides Content-Length; 204 has length 0. */
function lengthOf(statusCode: number, headers: ResponseHead["headers"]): number {
  if (statusCode === 204) return 0;
  return headers.has("transfer-encoding") ? -1 : announcedLength(headers);
}

async function dispatch(
  client: UndiciClient,
  request: WireRequest,
  onHead: (
    statusCode: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ) => boolean,
  sink: PausingSink,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let isStopped = false;
    client.dispatch(
      {
        path: request.path,
        method: request.method,
        headers: ["host", request.host, ...request.headers.flat()],
        body: request.body ?? null,
        // Connection: close
        reset: true,
      },
      {
        onRequestStart: () => {},
        onResponseStart: (controller, statusCode, headers) => {
          // Interim answers (1xx) are not the answer.
          if (statusCode < 200 || isStopped || onHead(statusCode, headers)) return;
          isStopped = true;
          resolve();
          controller.abort(new Error("enough was read"));
        },
        onResponseData: (controller, chunk) => {
          if (isStopped || sink.onData(chunk)) return;
          isStopped = true;
          resolve();
          controller.abort(new Error("enough was read"));
        },
        onResponseEnd: () => resolve(),
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}

/**
 * Stops reading from the kernel while the sink is full.
 *
 * undici's own pause will not do: a connection that closes meanwhile, from either side, ends the whole
 * process by an assertion (`Parser.finish`), so that any peer could.
 */
function holdWhileFull(socket: Socket, { room }: PausingSink): void {
  if (room === undefined) return;
  const push = socket.push.bind(socket);
  socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
    const isMoreWanted = push(chunk, encoding);
    return isMoreWanted && room() === undefined;
  };
  const read = socket._read.bind(socket);
  socket._read = (bytes) => {
    const full = room();
    if (full === undefined) return read(bytes);
    void full.then(() => {
      if (!socket.destroyed) read(bytes);
    });
  };
}

/**
 * Puts the socket's `push` (bytes from the kernel, decrypted) and `write` under watch.
 *
 * @returns a function that tells the first bytes of the answer so far.
 */
function tap(socket: Socket, stages: StageClock): () => string {
  let begin = "";
  const push = socket.push.bind(socket);
  socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (Buffer.isBuffer(chunk)) {
      const { current } = stages;
      if (current === "request" || current === "processing") stages.enter("head");
      if (begin.length < STATUS_LINE_BYTES) {
        begin += chunk.toString("latin1", 0, STATUS_LINE_BYTES - begin.length);
      }
    }
    return push(chunk, encoding);
  };
  const write = socket.write.bind(socket);
  const onWritten = (error?: Error | null): void => {
    if (!error && stages.current === "request") stages.enter("processing");
  };
  // undici gives a chunk and at times its encoding, never a callback.
  socket.write = ((chunk: Buffer | string, encoding?: BufferEncoding) =>
    write(chunk, encoding, onWritten)) as Socket["write"];
  return () => begin;
}
