import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { agent } from "./agent.ts";
import { blackbox } from "./blackbox.ts";
import { httpAndTls } from "./http-and-tls.ts";
import { overview } from "./overview.ts";
import { slo } from "./slo.ts";
import { target } from "./target.ts";

/** In the order in which one would open them. */
export const ALL_DASHBOARDS: readonly Dashboard[] = [
  overview,
  target,
  httpAndTls,
  agent,
  blackbox,
  slo,
];

/** Where the JSON of a dashboard is kept, from the package root. */
export function dashboardFile({ uid }: Dashboard): string {
  return `grafana/dashboards/${uid}.json`;
}
