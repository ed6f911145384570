import { failed, icmpFacts, succeeded } from "../fixtures.ts";
import { testPages } from "./page-cases.ts";

const silent = {
  ...icmpFacts,
  phases: { resolve: 0.002, setup: 0.0001, rtt: 0 },
  replyHopLimit: undefined,
};

testPages([
  {
    name: "icmp-success",
    outcome: {
      ...succeeded,
      address: { text: "2001:db8::1", family: "ipv6" },
      facts: icmpFacts,
    },
  },
  { name: "icmp-timeout", outcome: failed("icmp_timeout", { facts: silent }) },
  {
    // The look-up took its time, but only the metric of the look-up says so.
    name: "icmp-name-unknown",
    outcome: failed("dns_nxdomain", {
      address: undefined,
      facts: { ...silent, phases: { resolve: 0.0015, setup: 0, rtt: 0 } },
    }),
  },
]);
