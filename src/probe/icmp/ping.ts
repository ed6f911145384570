import type { EchoOutcome } from "../../icmp/echo.ts";
import { payloadBytesOf, profileOf } from "../../icmp/profile.ts";
import type { Permit } from "../../policy/verdict.ts";
import { chooseAddress, familyChoice } from "../../resolve/choose.ts";
import { type Address, familyOf, parseAddress } from "../../runtime/address.ts";
import { hostOf } from "../../target/target.ts";
import { Deadline, unlessAborted } from "../deadline.ts";
import { type Failed, failed } from "../failure.ts";
import type { Module } from "../module.ts";
import type { IcmpTools } from "./icmp.ts";

/**
 * Between the beginnings of two echoes. As fast as ping(8) lets an ordinary user send: a target is not
 * flooded, and ten echoes are under way within two seconds, while whoever asked still waits.
 */
const SPACING_SECONDS = 0.2;

export const MAX_PING_ECHOES = 10;

/** As an icmp module without a timeout has it in a group. */
const DEFAULT_TIMEOUT_SECONDS = 5;
/** Look-up, nine spacings and the last echo's deadline together stay below 15 s. */
const MAX_TIMEOUT_SECONDS = 10;
const MAX_LOOKUP_SECONDS = 3;

/** Some echoes to one target, now. */
export type PingRequest = {
  readonly target: string;
  /** One whose prober is icmp. */
  readonly module: Module;
  /** 1 to `MAX_PING_ECHOES`. */
  readonly count: number;
  readonly permit: Permit;
};

/** How it ended. Lost echoes are a result like any other. */
export type PingOutcome =
  | {
      readonly kind: "pinged";
      readonly address: Address;
      /** In the order of sending. */
      readonly echoes: readonly EchoOutcome[];
    }
  /** Nothing was sent: the name has no address, or the module cannot send to it. */
  | (Failed & { readonly address: Address | undefined })
  | { readonly kind: "refused"; readonly rule: string; readonly sentence: string }
  /** There is no ICMP engine; the sentence holds the remedy. */
  | { readonly kind: "unavailable"; readonly sentence: string };

export type PingTools = Omit<IcmpTools, "clock"> & {
  /** Resolves after so many seconds; may reject when the signal is aborted. */
  readonly pause: (seconds: number, signal: AbortSignal) => Promise<unknown>;
};

/**
 * Sends the echoes one after the other, outside every grid and tally, and waits for all of them: 15 s
 * at most.
 *
 * @throws the signal's reason when it is aborted: no further echo is sent then.
 */
export async function ping(
  request: PingRequest,
  tools: PingTools,
  signal: AbortSignal,
): Promise<PingOutcome> {
  const { engine } = tools;
  const options = request.module.icmp;
  if (engine.state !== "running") {
    return {
      kind: "unavailable",
      sentence: engine.problem ?? `the ICMP engine is ${engine.state}`,
    };
  }
  const host = hostOf(request.target);
  const found = await lookUp(host, request, tools, signal);
  if (found.kind === "failed") return { ...found, address: undefined };
  const { address } = found;
  const verdict = tools.guard(
    { address: address.text, port: undefined, host },
    request.permit,
    true,
  );
  if (verdict.kind === "refused") return verdict;
  const source = options.source_ip_address;
  if (source !== undefined && familyOf(source) !== address.family) {
    const detail = `source_ip_address ${source} cannot reach ${address.text}`;
    return { ...failed("icmp_unsent", detail), address };
  }
  try {
    return { kind: "pinged", address, echoes: await echoes(address, request, tools, signal) };
  } catch (error) {
    // A running engine that refuses an order says why: an interface that is gone, a source address.
    if (signal.aborted || engine.state !== "running" || !(error instanceof Error)) throw error;
    return { ...failed("icmp_unsent", error.message), address };
  }
}

async function echoes(
  address: Address,
  { module, count }: PingRequest,
  { engine, pause }: PingTools,
  signal: AbortSignal,
): Promise<readonly EchoOutcome[]> {
  const order = {
    address: address.text,
    profile: profileOf(module.icmp, address.family),
    payloadBytes: payloadBytesOf(module.icmp),
    timeoutSeconds: Math.min(module.timeout ?? DEFAULT_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS),
  };
  const sent: Promise<EchoOutcome>[] = [];
  for (let number = 0; number < count; number += 1) {
    if (number > 0) await unlessAborted(pause(SPACING_SECONDS, signal), signal);
    const echo = engine.echo(order);
    // It may be refused while the next is waited for; `all` below is who reports it.
    echo.catch(() => {});
    sent.push(echo);
  }
  return unlessAborted(Promise.all(sent), signal);
}

async function lookUp(
  host: string,
  { module }: PingRequest,
  { resolve }: PingTools,
  signal: AbortSignal,
): Promise<{ readonly kind: "found"; readonly address: Address } | Failed> {
  const literal = parseAddress(host);
  if (literal !== undefined) return { kind: "found", address: literal };
  const deadline = new Deadline(MAX_LOOKUP_SECONDS, signal);
  try {
    const resolution = await unlessAborted(resolve(host, deadline.signal), deadline.signal);
    if (resolution.kind === "failed") return failed(resolution.reason, resolution.detail);
    const { preferred_ip_protocol, ip_protocol_fallback } = module.icmp;
    const choice = familyChoice(preferred_ip_protocol, ip_protocol_fallback);
    const address = chooseAddress(resolution.addresses, choice);
    if (address !== undefined) return { kind: "found", address };
    return failed("dns_no_address", `${host} has no address of the wanted family`);
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.ending === undefined) throw error;
    return failed("dns_timeout", `the name servers did not answer within ${MAX_LOOKUP_SECONDS} s`);
  } finally {
    deadline.clear();
  }
}
