import { type AttemptOf, attempt } from "../attempt.ts";
import { type Connection, connect, type OpenSocket, type TlsPlan } from "../connect.ts";
import { converse } from "../dialogue/dialogue.ts";
import { type DialogueRecord, emptyDialogueRecord } from "../dialogue/dialogue-record.ts";
import type { Failed } from "../failure.ts";
import type { ProbeRequest, ProbeTools } from "../probe-request.ts";
import type { ProbeOutcome } from "../prober.ts";
import { planTls } from "../tls/tls-plan.ts";
import { connectFailure, socketPath } from "./socket-path.ts";

/**
 * One probe of a unix stream socket: connection, TLS where the module has it, and the module's dialogue.
 *
 * No guard is asked: a path was admitted by a rule that names it, or stands in a group.
 *
 * @param signal The caller going away; ends the probe with the reason `cancelled`.
 */
export async function probeUnix(
  request: ProbeRequest,
  tools: ProbeTools,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const record = emptyDialogueRecord();
  return await attempt({
    prober: "unix",
    request,
    tools,
    signal,
    make: (own) => reach(own, record),
    facts: ({ stages }) => ({
      protocol: "unix",
      phases: {
        connect: stages.seconds("connect"),
        tls: stages.seconds("tls"),
        processing: stages.seconds("processing"),
      },
      ...record,
    }),
  });
}

/** @returns why the probe failed, if it did. */
async function reach(own: AttemptOf<"unix">, record: DialogueRecord): Promise<Failed | undefined> {
  const { request, log } = own;
  const options = request.module.unix;
  const place = socketPath(request.target);
  if (place.kind === "failed") return place;
  const planOwnTls = () => planTls(options.tls_config, "", own);
  let tls: TlsPlan | undefined;
  if (options.tls) {
    const planned = await planOwnTls();
    if (planned.kind === "failed") return planned;
    tls = planned.plan;
  }
  const connection = await connectTo(place.path, tls, own);
  record.tls = connection.tls;
  if (connection.kind === "failed") return connection;
  record.isConnected = true;
  log.add("info", "Connected", { path: request.target, tls: connection.tls?.version });
  const steps = options.query_response;
  const dialogue = { attempt: own, record, steps, planTls: planOwnTls };
  return await converse(connection.socket, dialogue);
}

async function connectTo(
  path: string,
  tls: TlsPlan | undefined,
  { request, tools, stages, signal }: AttemptOf<"unix">,
): Promise<Connection> {
  let code = "";
  const open: OpenSocket = (to) => {
    const socket = tools.open(to);
    socket.once("error", (error: NodeJS.ErrnoException) => {
      code = error.code ?? "";
    });
    return socket;
  };
  const connection = await connect({ path }, tls, { open, stages, signal });
  if (connection.kind === "connected") return connection;
  const own = connectFailure(request.target, code);
  return own === undefined ? connection : { ...own, tls: connection.tls };
}
