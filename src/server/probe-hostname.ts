import { headerNameOf, headerProblem } from "../probe/http/request-headers.ts";
import type { Module } from "../probe/module.ts";

export type HostnameApplied =
  | { readonly kind: "applied"; readonly module: Module }
  | { readonly kind: "refused"; readonly sentence: string };

/**
 * The parameter `hostname` put into a module: for HTTP the Host header, which is the TLS server name
 * too unless the module names one; for TCP that server name. Other probers ignore it.
 *
 * @returns a copy; the configuration's module stays as it is.
 */
export function withHostname(module: Module, hostname: string): HostnameApplied {
  if (hostname === "") return { kind: "applied", module };
  if (module.prober === "http") return withHostHeader(module, hostname);
  if (module.prober === "tcp") return withServerName(module, hostname);
  return { kind: "applied", module };
}

/** What may stand in a server name (RFC 6066 section 3: ASCII); no longer than a name of the DNS. */
const SERVER_NAME = /^[\x21-\x7e]{1,253}$/;

/** The name that the module itself has goes before. */
function withServerName(module: Module, hostname: string): HostnameApplied {
  const { tls_config: tls } = module.tcp;
  if (tls.server_name !== "") return { kind: "applied", module };
  if (!SERVER_NAME.test(hostname)) {
    const sentence =
      "hostname is no server name: write a name of at most 253 characters without spaces, others than ASCII as Punycode";
    return { kind: "refused", sentence };
  }
  const named = { ...tls, server_name: hostname };
  return { kind: "applied", module: { ...module, tcp: { ...module.tcp, tls_config: named } } };
}

function withHostHeader(module: Module, hostname: string): HostnameApplied {
  const headers = { ...module.http.headers };
  const written = headerNameOf(headers, "host");
  const configured = written === undefined ? undefined : headers[written];
  if (written !== undefined && configured !== hostname) {
    return {
      kind: "refused",
      sentence: `host header defined both in module configuration (${configured}) and with URL-parameter 'hostname' (${hostname})`,
    };
  }
  const problem = headerProblem("Host", hostname);
  if (problem !== undefined) return { kind: "refused", sentence: problem };
  if (written !== undefined) delete headers[written];
  headers["Host"] = hostname;
  return { kind: "applied", module: { ...module, http: { ...module.http, headers } } };
}
