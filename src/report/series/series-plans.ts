import { labelText } from "../../metrics/label-text.ts";
import { PHASES, type ProbeFacts, type ProberWithPhases } from "../../probe/prober.ts";
import type { Metric } from "../catalogue/metric.ts";
import {
  DNS_METRICS,
  GRPC_METRICS,
  HTTP_METRICS,
  TCP_METRICS,
  UNIX_METRICS,
  WEBSOCKET_METRICS,
} from "../catalogue/prober-metrics.ts";

/** Facts of a probe by one prober. */
export type FactsOf<P extends ProberWithPhases> = Extract<ProbeFacts, { readonly protocol: P }>;

/** A gauge of the last probe. */
export type LastGauge = {
  readonly metric: Metric;
  /** Label text of each of its samples beside the target's labels; empty for none. */
  readonly samples: readonly string[];
};

/** What the targets of one prober have for series, beside those that all have. */
export type SeriesPlan = {
  readonly prober: ProberWithPhases;
  /** Histogram by phase. */
  readonly duration: Metric;
  readonly phases: readonly string[];
  readonly gauges: readonly LastGauge[];
  /** The values of all samples of the gauges, in their order; NaN for what is not known. */
  readonly valuesOf: (facts: ProbeFacts) => readonly number[];
};

/** The health that gRPC servers tell, by number. @see grpc.health.v1.HealthCheckResponse.ServingStatus. */
export const SERVING_STATUSES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] as const;

/**
 * In the order in which they are written. Bounded all: a gauge has a value that is a number, and no label whose text
 * comes from a peer.
 */
export const SERIES_PLANS: readonly SeriesPlan[] = [
  plan("http", HTTP_METRICS.duration, [
    one(HTTP_METRICS.statusCode, ({ statusCode }) => statusCode),
    one(HTTP_METRICS.version, (facts) => ofAnswer(facts, facts.httpVersion)),
    one(HTTP_METRICS.contentLength, (facts) => {
      const { contentLengthBytes = -1 } = facts;
      return contentLengthBytes < 0 ? Number.NaN : ofAnswer(facts, contentLengthBytes);
    }),
    one(HTTP_METRICS.redirects, (facts) => ofAnswer(facts, facts.redirects)),
  ]),
  plan("tcp", TCP_METRICS.duration, []),
  plan("unix", UNIX_METRICS.duration, []),
  plan("dns", DNS_METRICS.duration, [
    one(DNS_METRICS.responseCode, ({ responseCode }) => responseCode ?? Number.NaN),
    {
      metric: DNS_METRICS.records,
      samples: [
        [sectionText("answer"), ({ sections }) => sections?.answer ?? Number.NaN],
        [sectionText("authority"), ({ sections }) => sections?.authority ?? Number.NaN],
        [sectionText("additional"), ({ sections }) => sections?.additional ?? Number.NaN],
      ],
    },
    one(DNS_METRICS.soaSerial, ({ soaSerial }) => soaSerial ?? Number.NaN),
  ]),
  plan("grpc", GRPC_METRICS.duration, [
    one(GRPC_METRICS.statusCode, ({ statusCode }) => statusCode ?? Number.NaN),
    one(GRPC_METRICS.servingStatus, ({ servingStatus }) => {
      const number = SERVING_STATUSES.findIndex((name) => name === servingStatus);
      return number < 0 ? Number.NaN : number;
    }),
  ]),
  plan("websocket", WEBSOCKET_METRICS.duration, [
    one(WEBSOCKET_METRICS.statusCode, ({ statusCode }) => statusCode),
  ]),
];

type ReadGauge<P extends ProberWithPhases> = {
  readonly metric: Metric;
  readonly samples: readonly (readonly [label: string, read: (facts: FactsOf<P>) => number])[];
};

function plan<P extends ProberWithPhases>(
  prober: P,
  duration: Metric,
  gauges: readonly ReadGauge<P>[],
): SeriesPlan {
  const reads = gauges.flatMap(({ samples }) => samples.map(([, read]) => read));
  return {
    prober,
    duration,
    phases: PHASES[prober],
    gauges: gauges.map(({ metric, samples }) => ({
      metric,
      samples: samples.map(([label]) => label),
    })),
    valuesOf: (facts) => {
      if (!isOf(prober, facts)) {
        throw new Error(
          `Cannot record an outcome of ${facts.protocol}: the target is probed by ${prober}`,
        );
      }
      return reads.map((read) => read(facts));
    },
  };
}

function isOf<P extends ProberWithPhases>(prober: P, facts: ProbeFacts): facts is FactsOf<P> {
  return facts.protocol === prober;
}

function one<P extends ProberWithPhases>(
  metric: Metric,
  read: (facts: FactsOf<P>) => number,
): ReadGauge<P> {
  return { metric, samples: [["", read]] };
}

/** What is told of an answer; not known where none came. */
function ofAnswer({ statusCode }: FactsOf<"http">, value: number | undefined): number {
  return statusCode === 0 ? Number.NaN : (value ?? Number.NaN);
}

function sectionText(section: string): string {
  return labelText([["section", section]]);
}
