import { failed, httpFacts, succeeded, tlsFacts, unanswered } from "../fixtures.ts";
import { testPages } from "./page-cases.ts";

const unverifiedTls = { ...tlsFacts, verifiedNotAfterSeconds: undefined };
const throughProxy = { ...httpFacts, isResolveSkipped: true, redirects: 0 };

testPages([
  { name: "http-success-tls", outcome: succeeded },
  {
    name: "http-success-plain",
    outcome: {
      ...succeeded,
      facts: {
        ...httpFacts,
        phases: { ...httpFacts.phases, tls: 0 },
        isTls: false,
        tls: undefined,
        contentLengthBytes: -1,
        lastModifiedSeconds: undefined,
        redirects: 0,
      },
    },
  },
  {
    name: "http-status-500",
    outcome: failed("http_status", { facts: { ...httpFacts, statusCode: 500 } }),
  },
  {
    name: "http-body-mismatch",
    outcome: failed("body_mismatch", { facts: { ...httpFacts, isFailedByRegexp: true } }),
  },
  { name: "http-cel", outcome: { ...succeeded, facts: { ...httpFacts, isFailedByCel: false } } },
  {
    name: "http-cel-mismatch",
    outcome: failed("body_json", { facts: { ...httpFacts, isFailedByCel: true } }),
  },
  {
    name: "http-tls-untrusted",
    outcome: failed("tls_untrusted", {
      facts: {
        ...unanswered({ resolve: 0.0015, connect: 0.01, tls: 0.02 }),
        isTls: true,
        tls: unverifiedTls,
      },
    }),
  },
  {
    name: "http-tls-not-verified",
    outcome: { ...succeeded, facts: { ...httpFacts, tls: unverifiedTls } },
  },
  {
    // blackbox_exporter tells of TLS from the answer, and there is none.
    name: "http-header-timeout-tls",
    outcome: failed("http_header_timeout", {
      facts: {
        ...unanswered({ resolve: 0.0015, connect: 0.01, tls: 0.02, processing: 9 }),
        isTls: true,
        tls: tlsFacts,
      },
    }),
  },
  {
    // The connection is not made, so it has no time; that it was tried for 0.01 s is in the duration.
    name: "http-connect-refused",
    outcome: failed("connect_refused", { facts: unanswered({ resolve: 0.0015, connect: 0.01 }) }),
  },
  {
    // Refused after the handshake, as TLS 1.3 has it.
    name: "http-tls-client-certificate",
    outcome: failed("tls_client_certificate", {
      facts: {
        ...unanswered({ resolve: 0.0015, connect: 0.01, tls: 0.02, processing: 0.03 }),
        isTls: true,
        tls: tlsFacts,
      },
    }),
  },
  {
    name: "http-tls-file",
    outcome: failed("tls_untrusted", { facts: unanswered({ resolve: 0.0015 }) }),
  },
  {
    name: "http-head-broken",
    outcome: failed("http_protocol", {
      facts: unanswered({ resolve: 0.0015, connect: 0.01, processing: 0.03, transfer: 0.004 }),
    }),
  },
  {
    name: "http-redirect-refused",
    outcome: failed("connect_refused", {
      facts: { ...unanswered({ ...httpFacts.phases, tls: 0 }), redirects: 1 },
    }),
  },
  {
    name: "http-name-unknown",
    outcome: failed("dns_nxdomain", {
      address: undefined,
      facts: unanswered({ resolve: 0.0015 }),
    }),
  },
  {
    name: "http-bad-target",
    outcome: failed("bad_target", { address: undefined, lookupSeconds: 0 }),
  },
  { name: "http-body-file", outcome: failed("body_file", { address: undefined }) },
  { name: "http-proxy-resolves", outcome: { ...succeeded, facts: throughProxy } },
  {
    name: "http-proxy-resolves-redirect",
    outcome: { ...succeeded, facts: { ...throughProxy, redirects: 1 } },
  },
  {
    name: "http-proxy-resolves-redirect-not-followed",
    outcome: failed("http_status", {
      facts: { ...throughProxy, redirects: 1, statusCode: 302 },
    }),
  },
  {
    name: "http-proxy-unknown",
    outcome: failed("dns_nxdomain", {
      address: undefined,
      facts: { ...unanswered({}), isResolveSkipped: true },
    }),
  },
]);
