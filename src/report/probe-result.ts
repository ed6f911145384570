import type { PhaseOf, ProberWithPhases } from "../probe/prober.ts";
import {
  DNS_METRICS,
  GRPC_METRICS,
  HTTP_METRICS,
  WEBSOCKET_METRICS,
} from "./catalogue/prober-metrics.ts";
import type { ProbeSeries } from "./series/probe-series.ts";
import { SERVING_STATUSES } from "./series/series-plans.ts";

/** What the last probe took. What is not known is undefined. */
type Times<P extends ProberWithPhases> = {
  readonly durationSeconds: number | undefined;
  /** Only those that were reached. */
  readonly phases: Readonly<Partial<Record<PhaseOf<P>, number>>>;
};

/** What the last probe of a target showed, by prober. All is undefined before the first. */
export type ProbeResults = {
  /** Status code 0 when no answer came. */
  readonly http: { readonly statusCode: number | undefined } & Times<"http">;
  readonly tcp: Times<"tcp">;
  readonly unix: Times<"unix">;
  readonly dns: { readonly responseCode: number | undefined } & Times<"dns">;
  readonly grpc: {
    readonly statusCode: number | undefined;
    /** Name of the enum, as `SERVING`. */
    readonly servingStatus: string | undefined;
  } & Times<"grpc">;
  /** Status code 0 when no answer to the upgrade came. */
  readonly websocket: { readonly statusCode: number | undefined } & Times<"websocket">;
};

/** The result under the name of its prober, and under no other. */
export type ProbeResult = {
  readonly [P in ProberWithPhases]: Readonly<Record<P, ProbeResults[P]>> & {
    readonly [Other in Exclude<ProberWithPhases, P>]?: never;
  };
}[ProberWithPhases];

/** @param row Of the series. */
export function probeResultOf(series: ProbeSeries, row: number): ProbeResult {
  const times = series.lastTimes(row);
  const { prober } = series.plan;
  switch (prober) {
    case "http":
      return { http: { statusCode: series.lastValue(row, HTTP_METRICS.statusCode), ...times } };
    case "tcp":
      return { tcp: times };
    case "unix":
      return { unix: times };
    case "dns":
      return { dns: { responseCode: series.lastValue(row, DNS_METRICS.responseCode), ...times } };
    case "grpc": {
      const statusCode = series.lastValue(row, GRPC_METRICS.statusCode);
      const servingNumber = series.lastValue(row, GRPC_METRICS.servingStatus);
      const servingStatus =
        servingNumber === undefined ? undefined : SERVING_STATUSES[servingNumber];
      return { grpc: { statusCode, servingStatus, ...times } };
    }
    case "websocket":
      return {
        websocket: { statusCode: series.lastValue(row, WEBSOCKET_METRICS.statusCode), ...times },
      };
  }
}
