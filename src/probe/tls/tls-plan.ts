import type { Attempt } from "../attempt.ts";
import type { TlsPlan } from "../connect.ts";
import { unlessAborted } from "../deadline.ts";
import type { Failed } from "../failure.ts";
import type { TlsOptions } from "./tls-options.ts";

export type PlannedTls = { readonly kind: "planned"; readonly plan: TlsPlan } | Failed;

/**
 * How TLS is spoken where no protocol is chosen in the handshake.
 *
 * @param serverName Of the target; `server_name` of the options goes before it.
 * @throws the reason of the attempt's signal.
 */
export async function planTls(
  options: TlsOptions,
  serverName: string,
  { tools, signal, stages }: Attempt,
): Promise<PlannedTls> {
  stages.enter("prepare");
  const ready = await unlessAborted(tools.tlsContexts.get(options), signal);
  if (ready.kind === "failed") return ready;
  const plan: TlsPlan = {
    context: ready.context,
    serverName: options.server_name === "" ? serverName : options.server_name,
    isVerified: !options.insecure_skip_verify,
    protocols: [],
  };
  return { kind: "planned", plan };
}
