import { guardProxied } from "../../policy/proxied-hop.ts";
import type { Permit } from "../../policy/verdict.ts";
import type { Address } from "../../runtime/address.ts";
import type { Attempt } from "../attempt.ts";
import { type Failed, failed, refused } from "../failure.ts";
import { findAddress, policyFailure } from "../find-address.ts";
import { hostOfUrl, portOfUrl } from "./http-request.ts";
import { chooseProxy, hasProxy, type Proxy } from "./proxy.ts";
import { isAskedByUrl, proxyAuthorization, type Route } from "./proxy-connect.ts";
import type { Step } from "./redirects.ts";

/** What is known of the place of the first URL; relative redirects stay there. */
export type FirstPlace = {
  /** The address its name was resolved to; undefined until then, or where the proxy was left to do that. */
  address: Address | undefined;
  isResolveSkipped: boolean;
};

export type PlannedRoute =
  | {
      readonly kind: "planned";
      readonly route: Route;
      readonly port: number;
      /** Where a proxy is asked by URL: its scheme and authority, which come before the path. */
      readonly urlStart: string | undefined;
      readonly proxyAuthorization: string | undefined;
    }
  | Failed;

/**
 * The way of one hop: its address, whether a proxy is asked, and policy's word on it.
 *
 * As blackbox_exporter, the name of the first URL is resolved here also for a proxy, unless the module skips that,
 * and the proxy is asked to connect to the address; a page in http:// it is asked for by the Host header. Of a
 * redirect to somewhere else the proxy gets the name.
 *
 * @throws the reason of the attempt's signal.
 */
export async function planRoute(
  step: Step,
  first: FirstPlace,
  attempt: Attempt,
  isFirst: boolean,
): Promise<PlannedRoute> {
  const { http } = attempt.request.module;
  const host = hostOfUrl(step.url);
  const port = portOfUrl(step.url);
  const isTls = step.url.protocol === "https:";
  let address = step.isAtFirstPlace ? first.address : undefined;
  if (isFirst) {
    if (http.skip_resolve_phase_with_proxy && hasProxy(http)) first.isResolveSkipped = true;
    else {
      const found = await findAddress(host, http, attempt, true);
      if (found.kind === "failed") return found;
      ({ address } = found);
      first.address = address;
    }
  }
  const asked = { isTls, host: address?.text ?? host, port };
  const choice = chooseProxy(http, asked, attempt.tools.environment);
  switch (choice.kind) {
    case "failed":
      return choice;
    case "proxy":
      return proxied(step, { proxy: choice.proxy, host, port, address }, attempt, isFirst);
    case "direct": {
      if (address === undefined) {
        const found = await findAddress(host, http, attempt, false);
        if (found.kind === "failed") return found;
        ({ address } = found);
      }
      const byPolicy = policyFailure({ address, port, host }, attempt, isFirst);
      if (byPolicy !== undefined) return byPolicy;
      const route: Route = { kind: "direct", address };
      return { kind: "planned", route, port, urlStart: undefined, proxyAuthorization: undefined };
    }
  }
}

function proxied(
  step: Step,
  parts: {
    readonly proxy: Proxy;
    readonly host: string;
    readonly port: number;
    readonly address: Address | undefined;
  },
  attempt: Attempt,
  isFirst: boolean,
): PlannedRoute {
  const { proxy, host, port, address } = parts;
  const { permit } = attempt.request;
  const route: Route = { kind: "proxied", proxy, host: address?.text ?? host };
  // Also where the proxy is asked for the name in the end: what is known to be forbidden is not asked for.
  if (address !== undefined) {
    const hop = { host, port, address: address.text };
    const refusal = proxyPolicyFailure(hop, attempt, permit, isFirst);
    if (refusal !== undefined) return refusal;
  }
  const isByUrl = isAskedByUrl(route, step.url.protocol === "https:");
  if (!isByUrl) {
    if (address === undefined) {
      const hop = { host, port, address: undefined };
      const refusal = proxyPolicyFailure(hop, attempt, permit, isFirst);
      if (refusal !== undefined) return refusal;
    }
    return { kind: "planned", route, port, urlStart: undefined, proxyAuthorization: undefined };
  }
  const text = `http://${step.host ?? step.url.host}`;
  if (!URL.canParse(text))
    return failed("bad_target", "the Host header is no host a proxy can be asked for");
  const named = new URL(text);
  const hop = { host: named.hostname, port: portOfUrl(named), address: undefined };
  const refusal = proxyPolicyFailure(hop, attempt, permit, isFirst);
  if (refusal !== undefined) return refusal;
  const authorization = proxyAuthorization(proxy);
  // What was judged is what is asked for, in the notation of the judgement.
  return {
    kind: "planned",
    route,
    port,
    urlStart: named.origin,
    proxyAuthorization: authorization,
  };
}

/** Policy's word on what a proxy is about to be asked for. */
export function proxyPolicyFailure(
  hop: Parameters<typeof guardProxied>[1],
  { tools }: Pick<Attempt, "tools">,
  permit: Permit,
  isFirst: boolean,
): Failed | undefined {
  const verdict = guardProxied(tools.guard, hop, permit, isFirst);
  return verdict.kind === "refused" ? refused(verdict) : undefined;
}
