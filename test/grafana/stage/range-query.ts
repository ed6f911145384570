import { get } from "node:http";
import type { Prometheus } from "../../support/prometheus.ts";

const REQUEST_LIMIT_SECONDS = 20;

/** One series over time: Unix times in seconds and values, without those that are no number. */
export type Series = {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [atSeconds: number, value: number])[];
};

/** What panels ask of Prometheus. An expression that is wrong throws with Prometheus' own words. */
export type RangeQuery = {
  readonly range: (
    expr: string,
    span: {
      readonly fromSeconds: number;
      readonly toSeconds: number;
      readonly stepSeconds: number;
    },
  ) => Promise<readonly Series[]>;
  /** One point a series. */
  readonly instant: (expr: string, atSeconds: number) => Promise<readonly Series[]>;
};

type Answer = {
  readonly status?: string;
  readonly error?: string;
  readonly data?: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value?: readonly [number, string];
      readonly values?: readonly (readonly [number, string])[];
    }[];
  };
};

export function rangeQueries({ url }: Prometheus): RangeQuery {
  const ask = async (
    path: string,
    parameters: Record<string, string>,
  ): Promise<readonly Series[]> => {
    const body = await httpGet(
      `${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`,
    );
    const answer: Answer = JSON.parse(body);
    if (answer.status !== "success" || answer.data === undefined) {
      throw new Error(`${parameters["query"]}: ${answer.error ?? body}`);
    }
    return answer.data.result
      .map(({ metric, value, values }) => ({
        labels: metric,
        points: (values ?? (value === undefined ? [] : [value]))
          .map(([at, text]) => [at, Number(text)] as const)
          .filter(([, number]) => Number.isFinite(number)),
      }))
      .filter(({ points }) => points.length > 0);
  };
  return {
    range: (query, { fromSeconds, toSeconds, stepSeconds }) =>
      ask("query_range", {
        query,
        start: `${fromSeconds}`,
        end: `${toSeconds}`,
        step: `${stepSeconds}`,
      }),
    instant: (query, atSeconds) => ask("query", { query, time: `${atSeconds}` }),
  };
}

function httpGet(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(REQUEST_LIMIT_SECONDS * 1000);
    const request = get(url, { agent: false, signal }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => resolve(Buffer.concat(chunks).toString()));
    });
    request.once("error", reject);
  });
}
