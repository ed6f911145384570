import type { Metric } from "../../src/report/catalogue/metric.ts";
import { PAGE_METRICS } from "../../src/report/catalogue/page-metrics.ts";
import {
  DNS_METRICS,
  GRPC_METRICS,
  HTTP_METRICS,
  PROBE_METRICS,
  TCP_METRICS,
  TLS_METRICS,
  UNIX_METRICS,
  WEBSOCKET_METRICS,
} from "../../src/report/catalogue/prober-metrics.ts";
import { AGENT_METRICS, ICMP_METRICS, TARGET_METRICS } from "../../src/report/catalogue.ts";

export const METRICS_PAGE = "docs/metrics.md";

const BEGIN = "<!-- tables: begin -->\n";
const END = "<!-- tables: end -->";

/** The parts of the catalogue in the order of the page. */
const SECTIONS: readonly {
  readonly title: string;
  readonly metrics: Readonly<Record<string, Metric>>;
}[] = [
  { title: "Every target", metrics: TARGET_METRICS },
  { title: "Targets of icmp modules", metrics: ICMP_METRICS },
  { title: "Targets of all other modules", metrics: PROBE_METRICS },
  { title: "Targets of modules that speak TLS", metrics: TLS_METRICS },
  { title: "Targets of http modules", metrics: HTTP_METRICS },
  { title: "Targets of tcp modules", metrics: TCP_METRICS },
  { title: "Targets of unix modules", metrics: UNIX_METRICS },
  { title: "Targets of dns modules", metrics: DNS_METRICS },
  { title: "Targets of grpc modules", metrics: GRPC_METRICS },
  { title: "Targets of websocket modules", metrics: WEBSOCKET_METRICS },
  { title: "The agent", metrics: AGENT_METRICS },
  {
    title: "The page of `/probe`: blackbox_exporter's names, and `probe_failure_info`",
    metrics: PAGE_METRICS,
  },
];

/**
 * The page with its tables as the catalogue has them now; the rest of it is written by hand.
 *
 * @throws when the page has no place for them.
 */
export function withTables(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END, begin);
  if (begin < 0 || end < 0) throw new Error(`${METRICS_PAGE} has lost its marks for the tables`);
  const tables = SECTIONS.map(({ title, metrics }) => tableText(title, Object.values(metrics)));
  return `${page.slice(0, begin)}${BEGIN}\n${tables.join("\n")}\n${page.slice(end)}`;
}

function tableText(title: string, metrics: readonly Metric[]): string {
  const rows = metrics.map(
    ({ name, labels, type, unit, help }) =>
      `| \`${name}${labels.length > 0 ? `{${labels.join(",")}}` : ""}\` | ${type} | ${unit ?? "–"} | ${help.replaceAll("|", "\\|")} |`,
  );
  return `## ${title}\n\n| metric | type | unit | meaning |\n| --- | --- | --- | --- |\n${rows.join("\n")}\n`;
}
