import { type Attempt, attempt } from "../attempt.ts";
import { connect, type TlsPlan } from "../connect.ts";
import { type Failed, failed, failureOf } from "../failure.ts";
import { findAddress, policyFailure } from "../find-address.ts";
import type { ProbeRequest, ProbeTools } from "../probe-request.ts";
import type { GrpcFacts, ProbeOutcome, TlsFacts } from "../prober.ts";
import type { Stages } from "../stages.ts";
import { planTls } from "../tls/tls-plan.ts";
import { type CallEnd, codeOfError } from "./grpc-answer.ts";
import { callHealth } from "./grpc-call.ts";
import type { GrpcOptions } from "./grpc-options.ts";
import { GRPC_CODE, statusText } from "./grpc-status.ts";
import { authorityOf, type GrpcTarget, grpcTarget } from "./grpc-target.ts";
import { decodeHealthResponse, SERVING_STATUSES } from "./health-message.ts";

/** What a gRPC probe has learnt so far. */
type GrpcRecord = {
  statusCode: number | undefined;
  servingStatus: string | undefined;
  isTls: boolean;
  tls: TlsFacts | undefined;
};

/**
 * One health check over gRPC (`grpc.health.v1.Health/Check`); it succeeds when the call ends with OK and
 * the answer is SERVING.
 *
 * The address connected to is the one that was resolved and let through: blackbox_exporter dials the
 * name once more, so what it reports need not be what it asked. The probe's deadline bounds the call,
 * and goes to the server as `grpc-timeout`. A call that never reached the server has the status that a
 * gRPC client gives it: UNAVAILABLE without a connection, DEADLINE_EXCEEDED at the deadline.
 *
 * @param signal The caller going away; ends the probe with the reason `cancelled`.
 */
export async function probeGrpc(
  request: ProbeRequest,
  tools: ProbeTools,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const record: GrpcRecord = {
    statusCode: undefined,
    servingStatus: undefined,
    isTls: false,
    tls: undefined,
  };
  return await attempt({
    prober: "grpc",
    request,
    tools,
    signal,
    make: async (own) => await check(own, record),
    facts: ({ stages }) => factsOf(record, stages),
  });
}

function factsOf(record: GrpcRecord, stages: Stages<"grpc">): GrpcFacts {
  return {
    protocol: "grpc",
    phases: {
      resolve: stages.seconds("resolve"),
      connect: stages.seconds("connect"),
      tls: stages.seconds("tls"),
      check: stages.seconds("check"),
    },
    ...record,
  };
}

async function check(own: Attempt, record: GrpcRecord): Promise<Failed | undefined> {
  const { request, tools } = own;
  const begunSeconds = tools.clock.monotonicSeconds();
  const options = request.module.grpc;
  const target = grpcTarget(request.target, options.tls);
  if (target.kind === "failed") return target;
  const tls = await tlsOf(target, options, own);
  if (tls.kind === "failed") return tls;
  const found = await findAddress(target.host, options, own);
  if (found.kind === "failed") return found;
  const { host, port } = target;
  const byPolicy = policyFailure({ address: found.address, port, host }, own);
  if (byPolicy !== undefined) return byPolicy;
  try {
    return await callAt(
      { address: found.address.text, target, plan: tls.plan, begunSeconds },
      own,
      record,
    );
  } catch (error) {
    if (own.signal.aborted) record.statusCode = GRPC_CODE.deadlineExceeded;
    throw error;
  }
}

/** How TLS is spoken, if it is. */
async function tlsOf({ host }: GrpcTarget, { tls, tls_config }: GrpcOptions, own: Attempt) {
  if (!tls) return { kind: "planned", plan: undefined } as const;
  const planned = await planTls(tls_config, host, own);
  if (planned.kind === "failed") return planned;
  return { kind: "planned", plan: { ...planned.plan, protocols: ["h2"] } } as const;
}

async function callAt(
  to: {
    readonly address: string;
    readonly target: GrpcTarget;
    readonly plan: TlsPlan | undefined;
    readonly begunSeconds: number;
  },
  { request, tools, stages, signal, log }: Attempt,
  record: GrpcRecord,
): Promise<Failed | undefined> {
  const { plan, target } = to;
  const { port } = target;
  const destination = { host: to.address, port };
  const connection = await connect(destination, plan, { open: tools.open, stages, signal });
  record.tls = connection.tls;
  if (connection.kind === "failed") {
    record.statusCode = GRPC_CODE.unavailable;
    return failed(connection.reason, connection.detail);
  }
  record.isTls = plan !== undefined;
  log.add("info", "Connected", { address: to.address, port, tls: connection.tls?.version });
  if (plan !== undefined && !connection.isHttp2) {
    connection.socket.destroy();
    record.statusCode = GRPC_CODE.unavailable;
    return failed(
      "grpc_protocol",
      "the server did not agree to HTTP/2 in the TLS handshake (ALPN), which gRPC needs",
    );
  }
  stages.enter("check");
  const spentSeconds = tools.clock.monotonicSeconds() - to.begunSeconds;
  const call = {
    options: request.module.grpc,
    authority: authorityOf(target, plan?.serverName),
    userAgent: tools.userAgent,
    remainingSeconds: request.timeoutSeconds - spentSeconds,
  };
  log.add("info", "Calling", { authority: call.authority, service: call.options.service });
  try {
    const end = await callHealth(connection.socket, call, signal);
    stages.enter("prepare");
    return verdict(end, record);
  } catch (error) {
    if (signal.aborted) throw error;
    record.statusCode = codeOfError(error);
    return failureOf(error, "check");
  }
}

function verdict(end: CallEnd, record: GrpcRecord): Failed | undefined {
  switch (end.kind) {
    case "broken":
      record.statusCode = end.code;
      return failed("grpc_protocol", end.detail);
    case "status": {
      record.statusCode = end.code;
      const isLate = end.code === GRPC_CODE.deadlineExceeded;
      const said = end.text === "" ? "" : `: ${end.text}`;
      return failed(
        isLate ? "grpc_timeout" : "grpc_status",
        `the call ended with status ${statusText(end.code)}${said}`,
      );
    }
    case "answered": {
      const status = decodeHealthResponse(end.message);
      if (status === undefined) {
        record.statusCode = GRPC_CODE.internal;
        return failed("grpc_protocol", "the answer is no HealthCheckResponse");
      }
      record.statusCode = GRPC_CODE.ok;
      record.servingStatus = SERVING_STATUSES[status] ?? String(status);
      if (record.servingStatus === "SERVING") return undefined;
      const detail = `the server answers ${record.servingStatus}, wanted SERVING`;
      return failed("grpc_not_serving", detail);
    }
  }
}
