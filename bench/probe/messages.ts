/** What the process of the clients is asked to do. Plain data. */
export type LoadOrder = {
  readonly port: number;
  /** Path and query, asked again and again. */
  readonly path: string;
  readonly clients: number;
  readonly seconds: number;
  /** Evenly spread; undefined for as many as there are answers. */
  readonly perSecond: number | undefined;
};

/** What became of it. A request that waited for a free client counts from when it was due. */
export type LoadResult = {
  readonly answers: number;
  /** Answers that were no 200, or told of a failed probe. */
  readonly failures: number;
  readonly seconds: number;
  readonly p50Seconds: number;
  readonly p99Seconds: number;
};

/** Where the servers listen that are probed. */
export type ServerPorts = {
  readonly http: number;
  readonly https: number;
  readonly tcp: number;
  readonly dns: number;
};

/** What the loop of bare TLS connections is asked to do, and what it says afterwards. */
export type TlsLoopOrder = {
  readonly port: number;
  readonly ca: string;
  readonly clients: number;
  readonly seconds: number;
};

export type TlsLoopResult = {
  readonly requests: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
};
