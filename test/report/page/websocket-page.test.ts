import type { WebsocketFacts } from "../../../src/probe/prober.ts";
import { failed, succeeded, tlsFacts } from "../fixtures.ts";
import { darkWebsocket, websocketFacts } from "../prober-fixtures.ts";
import { testPages } from "./page-cases.ts";

const silent: WebsocketFacts = {
  ...websocketFacts,
  phases: { ...websocketFacts.phases, transfer: 0 },
};

testPages([
  { name: "websocket-success-dialogue", outcome: { ...succeeded, facts: websocketFacts } },
  { name: "websocket-success", outcome: { ...succeeded, facts: silent } },
  {
    name: "websocket-expect-mismatch",
    outcome: failed("expect_mismatch", { facts: { ...websocketFacts, isFailedByRegexp: true } }),
  },
  {
    name: "websocket-forbidden",
    outcome: failed("websocket_upgrade", {
      facts: { ...silent, statusCode: 403, isUpgraded: false },
    }),
  },
  {
    name: "websocket-tls-untrusted",
    outcome: failed("tls_untrusted", {
      facts: { ...darkWebsocket, phases: { ...darkWebsocket.phases, tls: 0.5 }, tls: tlsFacts },
    }),
  },
  {
    name: "websocket-connect-refused",
    outcome: failed("connect_refused", { facts: darkWebsocket }),
  },
  {
    name: "websocket-name-unknown",
    outcome: failed("dns_nxdomain", { address: undefined, facts: darkWebsocket }),
  },
  {
    name: "websocket-bad-target",
    outcome: failed("bad_target", { address: undefined, lookupSeconds: 0, facts: darkWebsocket }),
  },
]);
