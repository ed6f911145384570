import type { HttpFacts, TlsFacts } from "../prober.ts";
import type { Stages } from "../stages.ts";

/** What an HTTP probe has learnt so far; an ending of any kind reads its facts from here. */
export type HttpRecord = {
  /** Whether the proxy was left to look the target's name up. */
  isResolveSkipped: boolean;
  statusCode: number;
  httpVersion: number | undefined;
  contentLengthBytes: number | undefined;
  bodyBytes: number;
  redirects: number;
  isTls: boolean;
  tls: TlsFacts | undefined;
  lastModifiedSeconds: number | undefined;
  isFailedByRegexp: boolean;
  isFailedByCel: boolean;
};

export function emptyRecord(): HttpRecord {
  return {
    isResolveSkipped: false,
    statusCode: 0,
    httpVersion: undefined,
    contentLengthBytes: undefined,
    bodyBytes: 0,
    redirects: 0,
    isTls: false,
    tls: undefined,
    lastModifiedSeconds: undefined,
    isFailedByRegexp: false,
    isFailedByCel: false,
  };
}

/** Forgets the answer of the hop before: the facts are those of the last one. */
export function beginHop(record: HttpRecord): void {
  record.statusCode = 0;
  record.httpVersion = undefined;
  record.contentLengthBytes = undefined;
  record.isTls = false;
  record.tls = undefined;
  record.lastModifiedSeconds = undefined;
}

/** @param hasCel Whether the module has a rule in CEL. */
export function factsOf(record: HttpRecord, stages: Stages<"http">, hasCel: boolean): HttpFacts {
  return {
    protocol: "http",
    phases: {
      resolve: stages.seconds("resolve"),
      connect: stages.seconds("connect"),
      tls: stages.seconds("tls"),
      processing: stages.seconds("processing"),
      transfer: stages.seconds("transfer"),
    },
    ...(record.isResolveSkipped ? { isResolveSkipped: true } : {}),
    statusCode: record.statusCode,
    httpVersion: record.httpVersion,
    contentLengthBytes: record.contentLengthBytes,
    uncompressedBodyBytes: record.bodyBytes,
    redirects: record.redirects,
    isTls: record.isTls,
    tls: record.tls,
    lastModifiedSeconds: record.lastModifiedSeconds,
    isFailedByRegexp: record.isFailedByRegexp,
    isFailedByCel: hasCel ? record.isFailedByCel : undefined,
  };
}

/** The three forms of RFC 9110 section 5.6.7: IMF-fixdate, RFC 850, asctime. */
const HTTP_DATES = [
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/** Unix seconds of an HTTP date; undefined for what is none. */
export function parseHttpDate(text: string | undefined): number | undefined {
  if (text === undefined || !HTTP_DATES.some((form) => form.test(text))) return undefined;
  const milliseconds = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000;
}
