import { failed, succeeded, tlsFacts } from "../fixtures.ts";
import { darkDns, dnsFacts } from "../prober-fixtures.ts";
import { testPages } from "./page-cases.ts";

testPages([
  { name: "dns-success", outcome: { ...succeeded, facts: dnsFacts } },
  {
    name: "dns-soa",
    outcome: {
      ...succeeded,
      facts: { ...dnsFacts, isSoaAsked: true, soaSerial: 2_026_010_101 },
    },
  },
  {
    name: "dns-soa-not-answered",
    outcome: { ...succeeded, facts: { ...dnsFacts, isSoaAsked: true } },
  },
  {
    // TLS belongs to the phase `connect`, and nothing more is said of it.
    name: "dns-over-tls",
    outcome: {
      ...succeeded,
      facts: {
        ...dnsFacts,
        phases: { resolve: 0.0015, connect: 0.25, tls: 0.5, request: 0.0123 },
        tls: tlsFacts,
      },
    },
  },
  {
    name: "dns-rcode",
    outcome: failed("query_rcode", {
      facts: {
        ...dnsFacts,
        responseCode: 3,
        sections: { answer: 0, authority: 1, additional: 0 },
      },
    }),
  },
  {
    name: "dns-timeout-soa",
    outcome: failed("query_timeout", { facts: { ...darkDns, isSoaAsked: true } }),
  },
  {
    name: "dns-name-unknown",
    outcome: failed("dns_nxdomain", {
      address: undefined,
      facts: { ...darkDns, phases: { resolve: 0.0015, connect: 0, tls: 0, request: 0 } },
    }),
  },
]);
