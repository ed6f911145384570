import { once } from "node:events";
import type { Writable } from "node:stream";
import { createGzip } from "node:zlib";
import type { Request, Response } from "express";
import type { TextSink } from "../metrics/text.ts";
import { clientSignal } from "./answer.ts";

/** Nine tenths of what level 6 saves, at a third of its time. */
const GZIP_LEVEL = 1;

export type Encoding = "gzip" | "identity";

export function encodingFor(request: Request): Encoding {
  return request.acceptsEncodings("gzip") === "gzip" ? "gzip" : "identity";
}

/**
 * A 200 that is sent as it is written, so that neither side holds the whole of it. A writer that fails
 * after its first piece leaves a cut connection, never an answer that looks whole.
 *
 * @param options.maxSeconds A client that has not read everything by then is cut off.
 */
export async function streamAnswer(
  response: Response,
  options: {
    readonly encoding: Encoding;
    readonly contentType: string;
    readonly maxSeconds: number;
    /** Waits where the sink says so, stops when the signal is aborted. */
    readonly write: (sink: TextSink, signal: AbortSignal) => Promise<void>;
  },
): Promise<void> {
  const { encoding, contentType } = options;
  const signal = clientSignal(response, options.maxSeconds);
  const destination = encoding === "gzip" ? gzipInto(response) : response;
  try {
    await options.write(
      {
        write: (chunk) => {
          // Not earlier: what fails before its first line is an error page, not an empty answer.
          if (!response.headersSent) setStreamHeaders(response, contentType, encoding);
          return destination.write(chunk) ? undefined : drained(destination, signal);
        },
      },
      signal,
    );
  } catch (error) {
    if (destination !== response) destination.destroy();
    if (response.closed) return;
    throw error;
  }
  if (!response.headersSent) setStreamHeaders(response, contentType, encoding);
  destination.end();
}

/** The headers of an answer that is streamed; alone they are the answer to HEAD. */
export function setStreamHeaders(
  response: Response,
  contentType: string,
  encoding: Encoding,
): void {
  response.setHeader("Content-Type", contentType);
  response.setHeader("Vary", "Accept-Encoding");
  if (encoding === "gzip") response.setHeader("Content-Encoding", "gzip");
}

async function drained(destination: Writable, signal: AbortSignal): Promise<void> {
  await once(destination, "drain", { signal });
}

function gzipInto(response: Response): Writable {
  const gzip = createGzip({ level: GZIP_LEVEL });
  // A client that goes away ends the writing by its signal; what is left in here is nobody's.
  response.once("close", () => gzip.destroy());
  gzip.pipe(response);
  return gzip;
}
