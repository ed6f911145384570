import { withoutPassword } from "../../runtime/secrets.ts";
import type { WebUrl } from "../../target/web-url.ts";
import { attempt } from "../attempt.ts";
import { unlessAborted } from "../deadline.ts";
import type { ResponseHead } from "../exchange.ts";
import { type Failed, failed } from "../failure.ts";
import { findAddress } from "../find-address.ts";
import type { ProbeRequest, ProbeTools } from "../probe-request.ts";
import type { ProbeOutcome } from "../prober.ts";
import type { Regexps } from "../regexps.ts";
import { Authorizer } from "./authorization.ts";
import { Body, hasRegexpRule } from "./body-rules.ts";
import { CookieJar } from "./cookies.ts";
import { headerRuleFailure } from "./header-rules.ts";
import { type HopEnd, hop, type Trip } from "./hop.ts";
import type { HttpOptions } from "./http-options.ts";
import { beginHop, emptyRecord, factsOf, type HttpRecord } from "./http-record.ts";
import { firstStep, hostOfUrl, readsFiles, targetUrl, withSchemeHint } from "./http-request.ts";
import { http3Failure } from "./http3.ts";
import { hasJsonRule, jsonRuleFailure } from "./json-rules.ts";
import { hasProxy } from "./proxy.ts";
import { follow, isRedirect, MAX_REDIRECTS, type Step } from "./redirects.ts";

/**
 * One HTTP probe, from the look-up of the name to the last byte of the last body.
 *
 * Every hop has a connection of its own. As blackbox_exporter: one address is tried, nothing is
 * unpacked unless the module says so, the body is read whole whatever the status, and the rules come
 * in its order; the first that fails is the reason. The bodies of redirects stay unread, unless they
 * are not followed and a rule looks at them.
 *
 * @param signal The caller going away; ends the probe with the reason `cancelled`.
 */
export async function probeHttp(
  request: ProbeRequest,
  tools: ProbeTools,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const record = emptyRecord();
  const body = new Body(request.module.http, tools.bodyBudget);
  return await attempt({
    prober: "http",
    request,
    tools,
    signal,
    make: async (own) => {
      try {
        return await travel({ attempt: own, record, body });
      } finally {
        record.bodyBytes = body.lengthBytes;
        body.release();
      }
    },
    facts: ({ stages }) => factsOf(record, stages, hasJsonRule(request.module.http)),
  });
}

type Travel = Pick<Trip, "attempt" | "record"> & { readonly body: Body };

/** Goes from redirect to redirect. @returns why the probe failed, if it did. */
async function travel(parts: Travel): Promise<Failed | undefined> {
  const { record, body } = parts;
  const { request, tools, log, signal } = parts.attempt;
  const options = request.module.http;
  const byHttp3 = http3Failure(options);
  if (byHttp3 !== undefined) return byHttp3;
  const target = targetUrl(request.target);
  if (target.kind === "failed") return target;
  const { hostname } = request;
  const preparing = firstStep(target.url, options, { ...tools, hostname });
  const first = await (readsFiles(options) ? unlessAborted(preparing, signal) : preparing);
  if (first.kind === "failed") return (await lookUpFailure(target.url, parts)) ?? first;
  const trip: Trip = {
    ...parts,
    jar: new CookieJar(),
    firstPlace: target.url.host,
    first: { address: undefined, isResolveSkipped: false },
    authorizer: new Authorizer(parts.attempt),
  };
  let { step }: { step: Step } = first;
  for (;;) {
    const isFollowed = (head: ResponseHead): boolean =>
      options.follow_redirects &&
      record.redirects < MAX_REDIRECTS &&
      isRedirect(head.statusCode, locationOf(head));
    let isUnderRules = false;
    const isWanted = (head: ResponseHead): boolean => {
      if (isFollowed(head)) return false;
      isUnderRules = headFailure(head, options, tools.regexps) === undefined;
      return !isRedirect(head.statusCode, locationOf(head)) || hasBodyRule(options);
    };
    let end: HopEnd;
    try {
      end = await hop(step, trip, record.redirects === 0, body, isWanted);
    } catch (error) {
      if (isUnderRules) noteUnread(record, options);
      throw error;
    }
    if (end.kind === "failed") return withSchemeHint(end, request.target);
    const { head, bodyFailure } = end;
    const location = locationOf(head);
    if (isRedirect(head.statusCode, location)) record.redirects += 1;
    if (!options.follow_redirects || !isRedirect(head.statusCode, location)) {
      return verdict(head, bodyFailure, parts);
    }
    log.add("info", "Received redirect", { location: withoutPassword(location ?? "") });
    if (record.redirects > MAX_REDIRECTS) {
      return failed("http_redirects", `more than ${MAX_REDIRECTS} redirects`);
    }
    trip.jar.store(step.url, head.headers.get("set-cookie") ?? [], tools.clock.wallSeconds());
    const next = follow(step, head.statusCode, location, target.url.hostname);
    if (next.kind === "failed") {
      // As with Go's client, an answer that leads nowhere is none.
      beginHop(record);
      if (!next.isCounted) record.redirects -= 1;
      return failed(next.reason, next.detail);
    }
    if (next.kind === "none") return verdict(head, bodyFailure, parts);
    ({ step } = next);
  }
}

/** As blackbox_exporter, which looks the name up before it reads files: where there is no address, that is the reason. */
async function lookUpFailure(url: WebUrl, { attempt: own }: Travel): Promise<Failed | undefined> {
  const { http } = own.request.module;
  if (http.skip_resolve_phase_with_proxy && hasProxy(http)) return undefined;
  const found = await findAddress(hostOfUrl(url), http, own);
  return found.kind === "failed" ? found : undefined;
}

function locationOf(head: ResponseHead): string | undefined {
  return head.headers.get("location")?.[0];
}

/** Whether the last answer is what the module asks for, in blackbox_exporter's order. */
function verdict(
  head: ResponseHead,
  bodyFailure: Failed | undefined,
  { attempt: { request, tools }, record, body }: Travel,
): Failed | undefined {
  const options = request.module.http;
  const { regexps, celExpressions } = tools;
  const byHead = headFailure(head, options, regexps);
  if (byHead !== undefined) {
    record.isFailedByRegexp = byHead.reason === "header_mismatch";
    return byHead;
  }
  if (bodyFailure !== undefined) {
    noteUnread(record, options);
    return bodyFailure;
  }
  const byBody = body.check(regexps);
  if (byBody !== undefined) {
    record.isFailedByRegexp = true;
    return byBody;
  }
  if (hasJsonRule(options)) {
    const byJson = jsonRuleFailure(body.bytes, options, celExpressions);
    if (byJson !== undefined) {
      record.isFailedByCel = true;
      return byJson;
    }
  }
  return versionFailure(record, options) ?? tlsFailure(record, options);
}

function headFailure(
  head: ResponseHead,
  options: HttpOptions,
  regexps: Regexps,
): Failed | undefined {
  return (
    statusFailure(head.statusCode, options) ?? headerRuleFailure(head.headers, options, regexps)
  );
}

function hasBodyRule(options: HttpOptions): boolean {
  return hasRegexpRule(options) || hasJsonRule(options);
}

/** A rule that is to be applied to a body which cannot be read has failed, as blackbox_exporter counts. */
function noteUnread(record: HttpRecord, options: HttpOptions): void {
  if (hasRegexpRule(options)) record.isFailedByRegexp = true;
  else if (hasJsonRule(options)) record.isFailedByCel = true;
}

function statusFailure(statusCode: number, options: HttpOptions): Failed | undefined {
  const valid = options.valid_status_codes;
  const isValid =
    valid.length === 0 ? statusCode >= 200 && statusCode < 300 : valid.includes(statusCode);
  if (isValid) return undefined;
  const wanted = valid.length === 0 ? "2xx" : valid.slice(0, 20).join(", ");
  return failed("http_status", `status ${statusCode}, wanted ${wanted}`);
}

function versionFailure(record: HttpRecord, options: HttpOptions): Failed | undefined {
  const valid = options.valid_http_versions;
  if (valid.length === 0 || record.httpVersion === undefined) return undefined;
  const name = `HTTP/${record.httpVersion.toFixed(1)}`;
  if (valid.includes(name)) return undefined;
  return failed("http_version", `${name}, wanted ${valid.slice(0, 20).join(", ")}`);
}

function tlsFailure(record: HttpRecord, options: HttpOptions): Failed | undefined {
  if (record.isTls && options.fail_if_ssl) {
    return failed("tls_forbidden", "the last request went over TLS, which fail_if_ssl forbids");
  }
  if (!record.isTls && options.fail_if_not_ssl) {
    return failed("tls_required", "the last request went without TLS, which fail_if_not_ssl wants");
  }
  return undefined;
}
