import type { ProbeOutcome } from "../probe/prober.ts";
import { tcpPage, unixPage } from "./page/dialogue-page.ts";
import { dnsPage } from "./page/dns-page.ts";
import { grpcPage } from "./page/grpc-page.ts";
import { httpPage } from "./page/http-page.ts";
import { icmpPage } from "./page/icmp-page.ts";
import { websocketPage } from "./page/websocket-page.ts";

/**
 * The answer of `/probe`: blackbox_exporter's names, HELP texts, order, and set of series in success and in failure at
 * every stage. Families stand by name, series by label. What differs: `probe_failure_info{reason}` is added, the
 * certificate series are there also where TLS failed, and no chain's end is a date in the year 1.
 *
 * @param timeoutSeconds The timeout that was in force.
 */
export function probePage(
  outcome: ProbeOutcome,
  { timeoutSeconds }: { readonly timeoutSeconds: number },
): string {
  const { facts } = outcome;
  switch (facts.protocol) {
    case "http":
      return httpPage(outcome, facts, timeoutSeconds);
    case "icmp":
      return icmpPage(outcome, facts, timeoutSeconds);
    case "tcp":
      return tcpPage(outcome, facts, timeoutSeconds);
    case "unix":
      return unixPage(outcome, facts, timeoutSeconds);
    case "dns":
      return dnsPage(outcome, facts, timeoutSeconds);
    case "grpc":
      return grpcPage(outcome, facts, timeoutSeconds);
    case "websocket":
      return websocketPage(outcome, facts, timeoutSeconds);
  }
}
