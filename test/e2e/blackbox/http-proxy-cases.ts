import { http } from "./http-cases.ts";
import { HTTP_PORT } from "./http-server.ts";
import { CLOSED_PORT } from "./network.ts";
import type { ParityCase } from "./parity-case.ts";
import { PROXY_PORT } from "./proxy-server.ts";
import { TLS_PORTS } from "./tls-servers.ts";

const PROXY = `http://127.0.0.1:${PROXY_PORT}`;
const CA = { ca_file: "@certificates/ca.pem" };

function through(options: Readonly<Record<string, unknown>> = {}) {
  return http({ proxy_url: PROXY, ...options });
}

const UNRESOLVED = through({ skip_resolve_phase_with_proxy: true });

/** What a proxy makes of a request, and what is looked up in spite of it. */
export const HTTP_PROXY_CASES: readonly ParityCase[] = [
  ...(
    [
      ["a text", "http://127.0.0.1/text", true],
      ["the request", `http://127.0.0.1:${HTTP_PORT}/seen?a=1`, true],
      ["a name", "http://dual.parity.test/seen", true],
      ["an unknown name", "http://unknown.parity.test/seen", false],
      ["a status", "http://127.0.0.1/status/503", false],
      ["a redirect", "http://127.0.0.1/to?location=/seen", true],
    ] as const
  ).flatMap(([name, target, succeeds]) => [
    { name: `${name} through a proxy`, module: through(), target, succeeds },
    {
      name: `${name} through a proxy, without looking up`,
      module: UNRESOLVED,
      target,
      succeeds: succeeds || name === "an unknown name",
    },
  ]),
  {
    name: "what a proxy refuses",
    module: UNRESOLVED,
    target: "http://refused.parity.test/",
    succeeds: false,
  },
  {
    name: "a proxy with a user",
    module: through({ proxy_url: `http://ann:secret@127.0.0.1:${PROXY_PORT}` }),
    target: "http://127.0.0.1/seen",
    succeeds: true,
  },
  {
    name: "a proxy that is not there",
    module: through({ proxy_url: `http://127.0.0.1:${CLOSED_PORT}` }),
    target: "http://127.0.0.1/text",
    succeeds: false,
  },
  {
    name: "a proxy whose name is unknown",
    module: through({ proxy_url: "http://unknown.parity.test:3128" }),
    target: "http://127.0.0.1/text",
    succeeds: false,
  },
  {
    name: "a tunnel",
    module: through({ tls_config: CA }),
    target: `https://127.0.0.1:${TLS_PORTS.good}/text`,
    succeeds: true,
  },
  {
    name: "a tunnel to a name that the proxy alone knows",
    module: through({
      skip_resolve_phase_with_proxy: true,
      tls_config: { ...CA, server_name: "good.parity.test" },
    }),
    target: `https://unknown.parity.test:${TLS_PORTS.good}/text`,
    succeeds: true,
  },
  {
    name: "a tunnel to an expired certificate",
    module: through({ tls_config: CA }),
    target: `https://127.0.0.1:${TLS_PORTS.expired}/text`,
    succeeds: false,
    isUnverified: true,
  },
  {
    name: "a tunnel that the proxy refuses",
    module: through({ skip_resolve_phase_with_proxy: true, tls_config: CA }),
    target: "https://refused.parity.test/",
    succeeds: false,
  },
  {
    name: "a tunnel with HTTP/2",
    module: through({ tls_config: CA }),
    target: `https://127.0.0.1:${TLS_PORTS.http2}/text`,
    succeeds: true,
  },
];
