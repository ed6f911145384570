import { TEXT_CONTENT_TYPE } from "../metrics/exposition.ts";
import type { TextSink } from "../metrics/text.ts";
import { answerSentence } from "./answer.ts";
import type { Handle, Route } from "./route.ts";
import { Slots } from "./slots.ts";
import { encodingFor, setStreamHeaders, streamAnswer } from "./streamed.ts";

/** Each scrape in flight holds a snapshot; a few scrapers and a person at a time are normal. */
const MAX_SCRAPES = 8;
/** A reader that stops reading gives its slot back after this. Scrapes time out long before. */
const MAX_SCRAPE_SECONDS = 120;

/** Writes the whole exposition; waits where the sink says so, stops when the signal is aborted. */
export type WriteMetrics = (sink: TextSink, signal: AbortSignal) => Promise<void>;

/** `/metrics`: streamed as it is written. */
export function metricsRoute(
  writeMetrics: WriteMetrics,
  { maxSeconds = MAX_SCRAPE_SECONDS }: { readonly maxSeconds?: number } = {},
): Route {
  const slots = new Slots(() => MAX_SCRAPES);

  const handle: Handle = async (request, response) => {
    const encoding = encodingFor(request);
    if (request.method === "HEAD") {
      setStreamHeaders(response, TEXT_CONTENT_TYPE, encoding);
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
      const contentType = TEXT_CONTENT_TYPE;
      await streamAnswer(response, { encoding, contentType, maxSeconds, write: writeMetrics });
    } finally {
      release();
    }
  };
  const link = { text: "everything measured, for Prometheus" };
  return { path: "/metrics", methods: "reading", link, handle };
}
