import type { EchoOutcome } from "../../icmp/echo.ts";
import type { Engine } from "../../icmp/engine-contract.ts";
import { payloadBytesOf, profileOf } from "../../icmp/profile.ts";
import { chooseAddress, familyChoice } from "../../resolve/choose.ts";
import { type Address, familyOf, parseAddress } from "../../runtime/address.ts";
import { hostOf } from "../../target/target.ts";
import { Deadline, unlessAborted } from "../deadline.ts";
import { type Failed, failed, refused } from "../failure.ts";
import { ProbeLog } from "../probe-log.ts";
import type { ProbeRequest, ProbeTools } from "../probe-request.ts";
import type { IcmpFacts, ProbeOutcome } from "../prober.ts";

/** What an on-demand ICMP probe works with; it runs beside the engine, not in the probe worker. */
export type IcmpTools = Pick<ProbeTools, "clock" | "resolve" | "guard"> & {
  readonly engine: Pick<Engine, "echo" | "state" | "problem">;
};

type Progress = {
  address: Address | undefined;
  lookupSeconds: number;
  setupSeconds: number;
  rttSeconds: number;
  replyHopLimit: number | undefined;
};

/**
 * One echo now, outside every grid and tally.
 *
 * The phase `setup` is what is left of the order's time after the round trip: the way to the engine
 * and back. It stays 0 with `rtt` when no answer came.
 */
export async function probeIcmp(
  request: ProbeRequest,
  tools: IcmpTools,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const { clock } = tools;
  const begunSeconds = clock.monotonicSeconds();
  const log = new ProbeLog({ clock, isKept: request.isDebug });
  const progress: Progress = {
    address: undefined,
    lookupSeconds: 0,
    setupSeconds: 0,
    rttSeconds: 0,
    replyHopLimit: undefined,
  };
  const deadline = new Deadline(request.timeoutSeconds, signal);
  let failure: Failed | undefined;
  try {
    failure = await echo({ request, tools, progress, log, begunSeconds, signal: deadline.signal });
  } catch (error) {
    if (deadline.ending === undefined) throw error;
    if (deadline.ending === "cancelled") failure = failed("cancelled", "the caller went away");
    else failure = lateEnd(progress, request.timeoutSeconds);
  } finally {
    deadline.clear();
  }
  if (failure !== undefined) {
    log.add("error", "Probe failed", { reason: failure.reason, detail: failure.detail });
  }
  const facts: IcmpFacts = {
    protocol: "icmp",
    phases: {
      resolve: progress.lookupSeconds,
      setup: progress.setupSeconds,
      rtt: progress.rttSeconds,
    },
    replyHopLimit: progress.replyHopLimit,
  };
  const ended = {
    durationSeconds: clock.monotonicSeconds() - begunSeconds,
    finishedAtSeconds: clock.wallSeconds(),
    address: progress.address,
    lookupSeconds: progress.lookupSeconds,
    facts,
    // Round trips are taken from the kernel's stamps, which a late loop does not touch.
    isDisturbed: false,
    log: log.lines,
  };
  if (failure === undefined) return { ...ended, kind: "succeeded" };
  return { ...ended, ...failure };
}

function lateEnd(progress: Progress, timeoutSeconds: number): Failed {
  return progress.address === undefined
    ? failed("dns_timeout", `the name servers did not answer within ${timeoutSeconds} s`)
    : failed("icmp_timeout", `no reply came within ${timeoutSeconds} s`);
}

async function echo(parts: {
  readonly request: ProbeRequest;
  readonly tools: IcmpTools;
  readonly progress: Progress;
  readonly log: ProbeLog;
  readonly begunSeconds: number;
  readonly signal: AbortSignal;
}): Promise<Failed | undefined> {
  const { request, tools, progress, log, signal } = parts;
  const options = request.module.icmp;
  const { engine, clock } = tools;
  if (engine.state !== "running") {
    return failed("icmp_unavailable", engine.problem ?? `the ICMP engine is ${engine.state}`);
  }
  const host = hostOf(request.target);
  if (host === "") return failed("bad_target", "the target has no host");
  const found = await lookUp(host, parts);
  if (found.kind === "failed") return found;
  const { address } = found;
  const hop = { address: address.text, port: undefined, host };
  const verdict = tools.guard(hop, request.permit, true);
  if (verdict.kind === "refused") return refused(verdict);
  const source = options.source_ip_address;
  if (source !== undefined && familyOf(source) !== address.family) {
    return failed("icmp_unsent", `source_ip_address ${source} cannot reach ${address.text}`);
  }
  const sentSeconds = clock.monotonicSeconds();
  const restSeconds = request.timeoutSeconds - (sentSeconds - parts.begunSeconds);
  log.add("info", "Sending echo", { address: address.text, timeout: restSeconds });
  const outcome = await unlessAborted(
    engine.echo({
      address: address.text,
      profile: profileOf(options, address.family),
      payloadBytes: payloadBytesOf(options),
      timeoutSeconds: Math.max(restSeconds, 0.001),
    }),
    signal,
  );
  if (outcome.kind === "answered") {
    progress.rttSeconds = outcome.rttSeconds;
    progress.replyHopLimit = outcome.hopLimit;
    const elapsedSeconds = clock.monotonicSeconds() - sentSeconds;
    progress.setupSeconds = Math.max(0, elapsedSeconds - outcome.rttSeconds);
    log.add("info", "Reply received", { rtt: outcome.rttSeconds, hop_limit: outcome.hopLimit });
  }
  return failureOf(outcome, request.timeoutSeconds);
}

async function lookUp(
  host: string,
  parts: {
    readonly request: ProbeRequest;
    readonly tools: IcmpTools;
    readonly progress: Progress;
    readonly signal: AbortSignal;
  },
): Promise<{ readonly kind: "found"; readonly address: Address } | Failed> {
  const { tools, progress, signal } = parts;
  const options = parts.request.module.icmp;
  const literal = parseAddress(host);
  if (literal !== undefined) {
    progress.address = literal;
    return { kind: "found", address: literal };
  }
  const begunSeconds = tools.clock.monotonicSeconds();
  const resolution = await unlessAborted(tools.resolve(host, signal), signal);
  progress.lookupSeconds = tools.clock.monotonicSeconds() - begunSeconds;
  if (resolution.kind === "failed") return failed(resolution.reason, resolution.detail);
  const choice = familyChoice(options.preferred_ip_protocol, options.ip_protocol_fallback);
  const address = chooseAddress(resolution.addresses, choice);
  if (address === undefined) {
    return failed("dns_no_address", `${host} has no address of the wanted family`);
  }
  progress.address = address;
  return { kind: "found", address };
}

function failureOf(outcome: EchoOutcome, timeoutSeconds: number): Failed | undefined {
  switch (outcome.kind) {
    case "answered":
      return undefined;
    case "lost": {
      const { explanation } = outcome;
      if (explanation === undefined) {
        return failed("icmp_timeout", `no reply came within ${timeoutSeconds} s`);
      }
      const said = explanation.reason.replaceAll("_", " ");
      return failed(explanation.reason, `${explanation.reportedBy} reported: ${said}`);
    }
    case "suspect":
      return failed(
        "agent_overloaded",
        `no reply was seen, and the agent may have lost it itself (${outcome.cause})`,
      );
    case "unsent":
      return failed("icmp_unsent", `the kernel refused to send: ${outcome.errno}`);
  }
}
