import { headerNameOf, headerProblem } from "../probe/http/request-headers.ts";
import type { Module } from "../probe/module.ts";

export type HostnameApplied =
  | { readonly kind: "applied"; readonly module: Module }
  | { readonly kind: "refused"; readonly sentence: string };

/**
 * The parameter `hostname` put into a module: for HTTP the Host header, which is the TLS server name
 * too unless the module names one. Other probers ignore it.
 *
 * @returns a copy; the configuration's module stays as it is.
 */
export function withHostname(module: Module, hostname: string): HostnameApplied {
  if (hostname === "") return { kind: "applied", module };
  switch (module.prober) {
    case "icmp":
      return { kind: "applied", module };
    case "http": {
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
  }
}
