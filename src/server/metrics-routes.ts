import { once } from "node:events";
import type { Writable } from "node:stream";
import { createGzip } from "node:zlib";
import type { Response, Router } from "express";
import { TEXT_CONTENT_TYPE } from "../metrics/exposition.ts";
import type { TextSink } from "../metrics/text.ts";
import { answerSentence, clientSignal, readOnlyRoute } from "./answer.ts";
import { Slots } from "./slots.ts";

/** Each scrape in flight holds a snapshot; a few scrapers and a person at a time are normal. */
const MAX_SCRAPES = 8;
/** A reader that stops reading gives its slot back after this. Scrapes time out long before. */
const MAX_SCRAPE_SECONDS = 120;
/** Nine tenths of what level 6 saves, at a third of its time. */
const GZIP_LEVEL = 1;

/** Writes the whole exposition; waits where the sink says so, stops when the signal is aborted. */
export type WriteMetrics = (sink: TextSink, signal: AbortSignal) => Promise<void>;

/** `/metrics`: streamed as it is written, so that neither side holds the whole of it. */
export function addMetricsRoutes(
  router: Router,
  writeMetrics: WriteMetrics,
  { maxSeconds = MAX_SCRAPE_SECONDS }: { readonly maxSeconds?: number } = {},
): void {
  const slots = new Slots(() => MAX_SCRAPES);

  readOnlyRoute(router, "/metrics", async (request, response) => {
    const encoding = request.acceptsEncodings("gzip") === "gzip" ? "gzip" : "identity";
    if (request.method === "HEAD") {
      setHeaders(response, encoding);
      response.end();
      return;
    }
    const release = slots.take();
    if (release === undefined) {
      response.setHeader("Retry-After", "1");
      answerSentence(
        response,
        503,
        `${MAX_SCRAPES} scrapes are running, no more at once: try again`,
      );
      return;
    }
    try {
      await stream(response, encoding, writeMetrics, maxSeconds);
    } finally {
      release();
    }
  });
}

async function stream(
  response: Response,
  encoding: "gzip" | "identity",
  writeMetrics: WriteMetrics,
  maxSeconds: number,
): Promise<void> {
  const signal = clientSignal(response, maxSeconds);
  const destination = encoding === "gzip" ? gzipInto(response) : response;
  try {
    await writeMetrics(
      {
        write: (chunk) => {
          // Not earlier: what fails before its first line is an error page, not an empty exposition.
          if (!response.headersSent) setHeaders(response, encoding);
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
  if (!response.headersSent) setHeaders(response, encoding);
  destination.end();
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

function setHeaders(response: Response, encoding: "gzip" | "identity"): void {
  response.setHeader("Content-Type", TEXT_CONTENT_TYPE);
  response.setHeader("Vary", "Accept-Encoding");
  if (encoding === "gzip") response.setHeader("Content-Encoding", "gzip");
}
