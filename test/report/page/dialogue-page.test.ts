import type { TcpFacts } from "../../../src/probe/prober.ts";
import { failed, succeeded, tlsFacts } from "../fixtures.ts";
import { darkTcp, darkUnix, tcpFacts, unixFacts } from "../prober-fixtures.ts";
import { testPages } from "./page-cases.ts";

const plain: TcpFacts = { ...tcpFacts, phases: { ...tcpFacts.phases, tls: 0 }, tls: undefined };
const unverifiedTls = { ...tlsFacts, verifiedNotAfterSeconds: undefined };

testPages([
  {
    name: "tcp-success-plain",
    outcome: { ...succeeded, facts: plain },
  },
  {
    name: "tcp-success-tls-expect",
    outcome: {
      ...succeeded,
      facts: {
        ...tcpFacts,
        expectInfo: [
          ["version", '2.0 "x"\n\\'],
          ["Banner", "OpenSSH"],
          ["banner", "ssh"],
        ],
      },
    },
  },
  {
    name: "tcp-expect-mismatch",
    outcome: failed("expect_mismatch", { facts: { ...plain, isFailedByRegexp: true } }),
  },
  {
    name: "tcp-bytes-mismatch",
    outcome: failed("expect_mismatch", { facts: { ...plain, isFailedByBytes: true } }),
  },
  { name: "tcp-connect-refused", outcome: failed("connect_refused", { facts: darkTcp }) },
  {
    name: "tcp-tls-expired",
    outcome: failed("tls_expired", { facts: { ...darkTcp, tls: unverifiedTls } }),
  },
  {
    name: "tcp-starttls-untrusted",
    outcome: failed("tls_untrusted", { facts: { ...tcpFacts, tls: unverifiedTls } }),
  },
  {
    name: "tcp-name-unknown",
    outcome: failed("dns_nxdomain", { address: undefined, facts: darkTcp }),
  },
  {
    name: "tcp-bad-target",
    outcome: failed("bad_target", { address: undefined, lookupSeconds: 0, facts: darkTcp }),
  },
]);

const withoutAddress = { address: undefined, lookupSeconds: 0 } as const;

testPages([
  { name: "unix-success", outcome: { ...succeeded, ...withoutAddress, facts: unixFacts } },
  {
    name: "unix-success-tls",
    outcome: { ...succeeded, ...withoutAddress, facts: { ...unixFacts, tls: tlsFacts } },
  },
  {
    name: "unix-connect-refused",
    outcome: failed("connect_refused", { ...withoutAddress, facts: darkUnix }),
  },
]);
