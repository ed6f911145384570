import { failed, succeeded, tlsFacts } from "../fixtures.ts";
import { darkGrpc, grpcFacts } from "../prober-fixtures.ts";
import { testPages } from "./page-cases.ts";

testPages([
  { name: "grpc-serving-tls", outcome: { ...succeeded, facts: grpcFacts } },
  {
    name: "grpc-not-serving-plain",
    outcome: failed("grpc_not_serving", {
      facts: { ...grpcFacts, isTls: false, tls: undefined, servingStatus: "NOT_SERVING" },
    }),
  },
  {
    name: "grpc-serving-status-7",
    outcome: failed("grpc_not_serving", { facts: { ...grpcFacts, servingStatus: "7" } }),
  },
  {
    // blackbox_exporter learns of TLS only from a call that was answered well.
    name: "grpc-status-not-found-tls",
    outcome: failed("grpc_status", {
      facts: { ...grpcFacts, statusCode: 5, servingStatus: undefined },
    }),
  },
  { name: "grpc-connect-refused", outcome: failed("connect_refused", { facts: darkGrpc }) },
  {
    name: "grpc-tls-untrusted",
    outcome: failed("tls_untrusted", {
      facts: {
        ...darkGrpc,
        isTls: true,
        tls: { ...tlsFacts, verifiedNotAfterSeconds: undefined },
      },
    }),
  },
  {
    name: "grpc-timeout",
    outcome: failed("grpc_timeout", { facts: { ...darkGrpc, statusCode: 4 } }),
  },
  {
    name: "grpc-name-unknown",
    outcome: failed("dns_nxdomain", { address: undefined, facts: darkGrpc }),
  },
  {
    name: "grpc-bad-target",
    outcome: failed("bad_target", { address: undefined, lookupSeconds: 0, facts: darkGrpc }),
  },
]);
