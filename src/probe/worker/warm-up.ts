import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { probeHttp } from "../http/http.ts";
import type { Module } from "../module.ts";
import type { ProbeTools } from "../probe-request.ts";
import type { TlsOptions } from "../tls/tls-options.ts";

/** After so many probes the code has been loaded and its first optimisation is done. */
const PROBES = 20;
const TIMEOUT_SECONDS = 1;

/** The TLS options that probes of a module may use; undefined for one that speaks none. */
export function tlsOptionsOf(module: Module): TlsOptions | undefined {
  switch (module.prober) {
    case "icmp":
      return undefined;
    case "http":
      return module.http.tls_config;
    case "websocket":
      return module.websocket.http_config.tls_config;
    case "dns":
      return module.dns?.dns_over_tls === true ? module.dns.tls_config : undefined;
    case "grpc":
      return module.grpc.tls ? module.grpc.tls_config : undefined;
    case "tcp":
    case "unix": {
      const { tls, query_response, tls_config } = module[module.prober];
      return tls || query_response.some(({ starttls }) => starttls) ? tls_config : undefined;
    }
  }
}

/**
 * Probes a server of its own until the code that probes is warm: the first probe of a thread compiles undici's parser,
 * which takes longer than a good many answers, and would be the agent's time in a target's phases.
 *
 * The server listens on an abstract socket (unix(7)), which nobody else can find, and is gone afterwards. Where there are
 * none, nothing is warmed.
 *
 * @param module Any with the prober http; how its probes end is not looked at.
 */
export async function warmUpHttp(module: Module, tools: ProbeTools): Promise<void> {
  if (process.platform !== "linux") return;
  const path = `\0sounder-${randomUUID()}`;
  const server = createServer((_request, response) => response.end("warm"));
  server.listen(path);
  await once(server, "listening");
  const own: ProbeTools = {
    ...tools,
    open: () => connect(path),
    guard: () => ({ kind: "allowed" }),
  };
  const direct = withoutOthers(module);
  for (let probe = 0; probe < PROBES; probe += 1) {
    await probeHttp(
      {
        module: direct,
        target: "http://127.0.0.1/",
        hostname: undefined,
        timeoutSeconds: TIMEOUT_SECONDS,
        permit: { kind: "continuous" },
        isDebug: false,
      },
      own,
      new AbortController().signal,
    );
  }
  server.close();
  await once(server, "close");
}

/** Nobody else is asked for a page that nobody wants: no proxy, no token server. */
function withoutOthers(module: Module): Module {
  const alone = { proxy_url: undefined, proxy_from_environment: false, oauth2: undefined };
  return { ...module, http: { ...module.http, ...alone } };
}
