import { type Address, familyOf } from "../../runtime/address.ts";
import { type AttemptOf, attempt } from "../attempt.ts";
import { connect, type Destination, type TlsPlan } from "../connect.ts";
import { converse } from "../dialogue/dialogue.ts";
import { type DialogueRecord, emptyDialogueRecord } from "../dialogue/dialogue-record.ts";
import { type Failed, failed } from "../failure.ts";
import { findAddress, policyFailure } from "../find-address.ts";
import { portNumber, splitHostPort } from "../host-port.ts";
import type { ProbeRequest, ProbeTools } from "../probe-request.ts";
import type { ProbeOutcome } from "../prober.ts";
import { planTls } from "../tls/tls-plan.ts";

/**
 * One TCP probe: look-up, connection, TLS where the module has it, and the module's dialogue.
 *
 * @param signal The caller going away; ends the probe with the reason `cancelled`.
 */
export async function probeTcp(
  request: ProbeRequest,
  tools: ProbeTools,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const record = emptyDialogueRecord();
  return await attempt({
    prober: "tcp",
    request,
    tools,
    signal,
    make: (own) => reach(own, record),
    facts: ({ stages }) => ({
      protocol: "tcp",
      phases: {
        resolve: stages.seconds("resolve"),
        connect: stages.seconds("connect"),
        tls: stages.seconds("tls"),
        processing: stages.seconds("processing"),
      },
      ...record,
    }),
  });
}

/** @returns why the probe failed, if it did. */
async function reach(own: AttemptOf<"tcp">, record: DialogueRecord): Promise<Failed | undefined> {
  const { request, log } = own;
  const options = request.module.tcp;
  const parts = splitHostPort(request.target);
  if (parts.kind === "failed") return parts;
  const { host } = parts;
  const found = await findAddress(host, options, own);
  if (found.kind === "failed") return found;
  const port = portNumber(parts.port);
  if (port.kind === "failed") return port;
  const hop = { address: found.address, port: port.number, host };
  const byPolicy = policyFailure(hop, own);
  if (byPolicy !== undefined) return byPolicy;
  const to = destination(found.address, port.number, options.source_ip_address);
  if ("kind" in to) return to;
  // The name in a certificate has no zone, which means something on this machine alone.
  const serverName = request.hostname ?? host.replace(/%.*$/, "");
  const planOwnTls = () => planTls(options.tls_config, serverName, own);
  let tls: TlsPlan | undefined;
  if (options.tls) {
    const planned = await planOwnTls();
    if (planned.kind === "failed") return planned;
    tls = planned.plan;
  }
  const { open } = own.tools;
  const connection = await connect(to, tls, { open, stages: own.stages, signal: own.signal });
  record.tls = connection.tls;
  if (connection.kind === "failed") return connection;
  record.isConnected = true;
  log.add("info", "Connected", {
    address: found.address.text,
    port: port.number,
    tls: connection.tls?.version,
    server_name: tls?.serverName,
  });
  const steps = options.query_response;
  const dialogue = { attempt: own, record, steps, planTls: planOwnTls };
  return await converse(connection.socket, dialogue);
}

function destination(address: Address, port: number, source: string): Destination | Failed {
  if (source === "") return { host: address.text, port };
  if (familyOf(source) === address.family) {
    return { host: address.text, port, sourceAddress: source };
  }
  const detail = `source_ip_address ${source} cannot reach ${address.text}: it is of the other family`;
  return failed("connect_unreachable", detail);
}
