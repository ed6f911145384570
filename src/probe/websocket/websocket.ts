import { type Attempt, attempt } from "../attempt.ts";
import { connect } from "../connect.ts";
import { unlessAborted } from "../deadline.ts";
import { type Failed, failed } from "../failure.ts";
import { findAddress, policyFailure } from "../find-address.ts";
import type { ProbeRequest, ProbeTools } from "../probe-request.ts";
import type { ProbeOutcome, TlsFacts, WebsocketFacts } from "../prober.ts";
import type { Stages } from "../stages.ts";
import { planTls } from "../tls/tls-plan.ts";
import { converse, type UpgradeRecord } from "./websocket-connection.ts";
import { handshakeHeaders } from "./websocket-request.ts";
import { type WebsocketTarget, websocketTarget } from "./websocket-target.ts";

/** What a probe of a web socket has learnt so far. */
type WebsocketRecord = UpgradeRecord & { tls: TlsFacts | undefined };

/**
 * One probe of a web socket: the upgrade, then the messages of the module. It succeeds when the upgrade
 * does and every expected message matches.
 *
 * As blackbox_exporter, no redirect is followed and nothing is compressed. Beyond it, the deadline also
 * bounds the wait for messages.
 *
 * @param signal The caller going away; ends the probe with the reason `cancelled`.
 */
export async function probeWebsocket(
  request: ProbeRequest,
  tools: ProbeTools,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const record: WebsocketRecord = {
    statusCode: 0,
    isUpgraded: false,
    isFailedByRegexp: false,
    tls: undefined,
  };
  return await attempt({
    prober: "websocket",
    request,
    tools,
    signal,
    make: async (own) => await upgradeAndConverse(own, record),
    facts: ({ stages }) => factsOf(record, stages),
  });
}

function factsOf(record: WebsocketRecord, stages: Stages<"websocket">): WebsocketFacts {
  return {
    protocol: "websocket",
    phases: {
      resolve: stages.seconds("resolve"),
      connect: stages.seconds("connect"),
      tls: stages.seconds("tls"),
      processing: stages.seconds("processing"),
      transfer: stages.seconds("transfer"),
    },
    ...record,
  };
}

async function upgradeAndConverse(
  own: Attempt,
  record: WebsocketRecord,
): Promise<Failed | undefined> {
  const { request, tools, stages, signal, log } = own;
  const options = request.module.websocket;
  const target = websocketTarget(request.target);
  if (target.kind === "failed") return target;
  const tls = await tlsOf(target, own);
  if (tls.kind === "failed") return tls;
  const found = await findAddress(target.host, options, own);
  if (found.kind === "failed") return found;
  const { host, port, url } = target;
  const { address } = found;
  const byPolicy = policyFailure({ address, port, host }, own);
  if (byPolicy !== undefined) return byPolicy;
  const handshake = await unlessAborted(handshakeHeaders(url.host, options, tools), signal);
  if (handshake.kind === "failed") return handshake;
  const to = { host: address.text, port };
  const connection = await connect(to, tls.plan, { open: tools.open, stages, signal });
  record.tls = connection.tls;
  if (connection.kind === "failed") return failed(connection.reason, connection.detail);
  log.add("info", "Connected", { address: address.text, port, tls: connection.tls?.version });
  const steps = options.query_response;
  try {
    const conversation = { attempt: own, record, url, handshake, steps };
    const failure = await converse(connection.socket, conversation);
    stages.enter("prepare");
    return failure;
  } catch (error) {
    if (signal.aborted && record.isUpgraded) record.isFailedByRegexp = true;
    throw error;
  }
}

/** How TLS is spoken, if it is. HTTP/1.1 is all that an upgrade goes over. */
async function tlsOf(target: WebsocketTarget, own: Attempt) {
  if (!target.isTls) return { kind: "planned", plan: undefined } as const;
  const options = own.request.module.websocket.http_config.tls_config;
  const planned = await planTls(options, target.host, own);
  if (planned.kind === "failed") return planned;
  return { kind: "planned", plan: { ...planned.plan, protocols: ["http/1.1"] } } as const;
}
