import type { EchoOutcome } from "../../icmp/echo.ts";
import type { Engine } from "../../icmp/engine-contract.ts";
import { payloadBytesOf, profileOf } from "../../icmp/profile.ts";
import { familyOf } from "../../runtime/address.ts";
import { quote } from "../../runtime/found.ts";
import { type AttemptOf, attempt, type BaseTools } from "../attempt.ts";
import { unlessAborted } from "../deadline.ts";
import { type Failed, failed } from "../failure.ts";
import { findAddress, policyFailure } from "../find-address.ts";
import type { ProbeRequest } from "../probe-request.ts";
import type { IcmpFacts, ProbeOutcome } from "../prober.ts";

/** What an on-demand ICMP probe works with; it runs beside the engine, not in the probe worker. */
export type IcmpTools = BaseTools & {
  readonly engine: Pick<Engine, "echo" | "state" | "problem">;
};

/** What the echo showed; zeros until it was answered. */
type Progress = {
  setupSeconds: number;
  rttSeconds: number;
  replyHopLimit: number | undefined;
};

/**
 * One echo now, outside every grid and tally.
 *
 * The phase `setup` is what is left of the order's time after the round trip: the way to the engine
 * and back. It stays 0 with `rtt` when no answer came. A late loop makes no such probe doubtful:
 * round trips are taken from the kernel's stamps.
 */
export async function probeIcmp(
  request: ProbeRequest,
  tools: IcmpTools,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const begunSeconds = tools.clock.monotonicSeconds();
  const progress: Progress = { setupSeconds: 0, rttSeconds: 0, replyHopLimit: undefined };
  return await attempt({
    prober: "icmp",
    request,
    tools,
    signal,
    make: (own) => echo(own, progress, begunSeconds),
    facts: ({ lookupSeconds }): IcmpFacts => ({
      protocol: "icmp",
      phases: {
        resolve: lookupSeconds,
        setup: progress.setupSeconds,
        rtt: progress.rttSeconds,
      },
      replyHopLimit: progress.replyHopLimit,
    }),
  });
}

async function echo(
  own: AttemptOf<"icmp", IcmpTools>,
  progress: Progress,
  begunSeconds: number,
): Promise<Failed | undefined> {
  const { request, tools, log, signal } = own;
  const options = request.module.icmp;
  const { engine, clock } = tools;
  if (engine.state !== "running") {
    return failed("icmp_unavailable", engine.problem ?? `the ICMP engine is ${engine.state}`);
  }
  // As blackbox_exporter: nothing is taken off a target here, so a URL or a port make it a name that is none.
  const host = request.target;
  if (host.startsWith("["))
    return failed("dns_bad_name", `${quote(host)} is no name and no address`);
  const found = await findAddress(host, options, own);
  if (found.kind === "failed") return found;
  const { address } = found;
  const byPolicy = policyFailure({ address, port: undefined, host }, own);
  if (byPolicy !== undefined) return byPolicy;
  const source = options.source_ip_address;
  if (source !== undefined && familyOf(source) !== address.family) {
    return failed("icmp_unsent", `source_ip_address ${source} cannot reach ${address.text}`);
  }
  own.stages.enter("echo");
  const sentSeconds = clock.monotonicSeconds();
  const restSeconds = request.timeoutSeconds - (sentSeconds - begunSeconds);
  log.add("info", "Sending echo", { address: address.text, timeout: restSeconds });
  const echoed = engine
    .echo({
      address: address.text,
      profile: profileOf(options, address.family),
      payloadBytes: payloadBytesOf(options),
      timeoutSeconds: Math.max(restSeconds, 0.001),
    })
    // What cannot be sent as it was asked for (a source that is not on this machine, say).
    .catch((error: unknown) => failed("icmp_unsent", sentenceOf(error)));
  const outcome = await unlessAborted(echoed, signal);
  if (outcome.kind === "failed") return outcome;
  if (outcome.kind === "answered") {
    progress.rttSeconds = outcome.rttSeconds;
    progress.replyHopLimit = outcome.hopLimit;
    const elapsedSeconds = clock.monotonicSeconds() - sentSeconds;
    progress.setupSeconds = Math.max(0, elapsedSeconds - outcome.rttSeconds);
    log.add("info", "Reply received", { rtt: outcome.rttSeconds, hop_limit: outcome.hopLimit });
  }
  return failureOf(outcome, request.timeoutSeconds);
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

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
