import { createRequire } from "node:module";
import type { Socket } from "node:net";
import type { Client as UndiciClient } from "undici";
import { MAX_HEAD_BYTES, type ResponseSink, type WireRequest } from "../exchange.ts";
import type { StageClock } from "../stages.ts";
import { HeadReader } from "./head-reader.ts";

/** The client alone: the whole package brings fetch, caches and web sockets, 9 MB in each thread that loads it. */
const Client = createRequire(import.meta.url)(
  "undici/lib/dispatcher/client.js",
) as typeof UndiciClient;

/** The connection is ours already, so undici never dials this name. */
const ORIGIN = "http://connection.invalid";
/**
 * What a connection ends with that is not needed any more. One for all: an error made for each would be a tenth of what
 * a probe costs, for Node asks every one that a socket is destroyed with for its stack. The code is undici's own for this.
 */
const ENOUGH = Object.assign(new Error("the connection is not needed any more"), {
  code: "UND_ERR_INFO",
});

/**
 * One request and its answer over HTTP/1.1 on an open connection, which is gone afterwards.
 *
 * undici writes the request and takes the body apart; a tap on its socket reads the head of the answer (`HeadReader`) and
 * notes when the last byte of the request was written and the first byte of the answer came.
 *
 * @throws what undici or the head's reader reports; `failureOf` knows the reasons.
 */
export async function exchangeHttp1(
  socket: Socket,
  request: WireRequest,
  sink: PausingSink,
  stages: StageClock,
): Promise<void> {
  const reader = new HeadReader(request.method);
  tap(socket, reader, stages);
  holdWhileFull(socket, sink);
  const client = new Client(ORIGIN, {
    // A callback within the call would find undici still connecting, and the request unsent.
    connect: (_options, callback) => queueMicrotask(() => callback(null, socket)),
    headersTimeout: 0,
    bodyTimeout: 0,
    // Of the trailers.
    maxHeaderSize: MAX_HEAD_BYTES,
  });
  try {
    await dispatch({ client, socket, request, reader, stages, sink });
  } finally {
    socket.destroy(ENOUGH);
    client.destroy(ENOUGH, () => {});
  }
}

/** A sink that can be full for a while: nothing is read until what `room` gave has settled. */
export type PausingSink = ResponseSink & { readonly room?: () => Promise<void> | undefined };

async function dispatch(parts: {
  readonly client: UndiciClient;
  readonly socket: Socket;
  readonly request: WireRequest;
  readonly reader: HeadReader;
  readonly stages: StageClock;
  readonly sink: PausingSink;
}): Promise<void> {
  const { client, socket, request, reader, stages, sink } = parts;
  await new Promise<void>((resolve, reject) => {
    let isStopped = false;
    const stop = (controller: { readonly abort: (reason: Error) => void }): void => {
      isStopped = true;
      resolve();
      controller.abort(ENOUGH);
    };
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
        onResponseStart: (controller) => {
          const { head } = reader;
          // Without one the client has read what the reader did not give it.
          if (isStopped || head === undefined) return;
          stages.enter("body");
          if (!sink.onHead(head)) stop(controller);
        },
        onResponseData: (controller, chunk) => {
          if (!isStopped && !sink.onData(chunk)) stop(controller);
        },
        onResponseEnd: () => {
          resolve();
          // Before undici does it with an error of its own.
          socket.destroy(ENOUGH);
        },
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

/** Puts the socket's `push` (bytes from the kernel, decrypted) and `write` under watch. */
function tap(socket: Socket, reader: HeadReader, stages: StageClock): void {
  const push = socket.push.bind(socket);
  socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (!Buffer.isBuffer(chunk)) return push(chunk, encoding);
    const { current } = stages;
    if (current === "request" || current === "processing") stages.enter("head");
    try {
      const given = reader.take(chunk);
      return given === undefined || push(given);
    } catch (error) {
      socket.destroy(error instanceof Error ? error : undefined);
      return false;
    }
  };
  const write = socket.write.bind(socket);
  const onWritten = (error?: Error | null): void => {
    if (!error && stages.current === "request") stages.enter("processing");
  };
  // undici gives a chunk and at times its encoding, never a callback.
  socket.write = ((chunk: Buffer | string, encoding?: BufferEncoding) =>
    write(chunk, encoding, onWritten)) as Socket["write"];
}
