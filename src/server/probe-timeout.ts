import { goQuote } from "./go-url.ts";

/** What Prometheus sends with each scrape, in seconds. */
export const SCRAPE_TIMEOUT_HEADER = "x-prometheus-scrape-timeout-seconds";

/** Without the header, or with 0 in it, as blackbox_exporter has it. */
const DEFAULT_SCRAPE_TIMEOUT_SECONDS = 120;
/** No probe lasts longer, whatever the header says: it holds a slot and a connection meanwhile. */
const MAX_TIMEOUT_SECONDS = 3_600;

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const INFINITY = /^[+-]?inf(?:inity)?$/i;

export type ProbeTimeout =
  | { readonly kind: "valid"; readonly timeoutSeconds: number }
  /** `detail` is worded as Go's strconv words it. */
  | { readonly kind: "malformed"; readonly detail: string };

/**
 * How long a probe may take: the module's timeout, or the scrape's less the offset if that is shorter.
 *
 * The trap of blackbox_exporter is kept: where the scrape timeout is below the offset and the module
 * has none, the result is 0, and the probe fails at once.
 *
 * @param options.header As it came; undefined or empty when there was none.
 * @param options.moduleSeconds Undefined when the module has no timeout.
 * @returns seconds from 0 to 3600.
 */
export function probeTimeout(options: {
  readonly header: string | undefined;
  readonly moduleSeconds: number | undefined;
  readonly offsetSeconds: number;
}): ProbeTimeout {
  const scrape = scrapeSeconds(options.header ?? "");
  if (scrape.kind === "malformed") return scrape;
  const longest = (scrape.timeoutSeconds || DEFAULT_SCRAPE_TIMEOUT_SECONDS) - options.offsetSeconds;
  const moduleSeconds = options.moduleSeconds ?? 0;
  const isModuleShorter = moduleSeconds > 0 && moduleSeconds < longest;
  const timeoutSeconds = isModuleShorter || longest < 0 ? moduleSeconds : longest;
  return { kind: "valid", timeoutSeconds: Math.min(timeoutSeconds, MAX_TIMEOUT_SECONDS) };
}

/** As Go's `ParseFloat`, without hexadecimal and NaN, which no scraper sends. */
function scrapeSeconds(header: string): ProbeTimeout {
  if (header === "") return { kind: "valid", timeoutSeconds: 0 };
  if (INFINITY.test(header)) {
    const sign = header.startsWith("-") ? -1 : 1;
    return { kind: "valid", timeoutSeconds: sign * Number.POSITIVE_INFINITY };
  }
  const seconds = DECIMAL.test(header) ? Number(header) : Number.NaN;
  if (Number.isFinite(seconds)) return { kind: "valid", timeoutSeconds: seconds };
  const why = Number.isNaN(seconds) ? "invalid syntax" : "value out of range";
  return { kind: "malformed", detail: `strconv.ParseFloat: parsing ${goQuote(header)}: ${why}` };
}
