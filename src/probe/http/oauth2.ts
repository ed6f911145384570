import { createHash } from "node:crypto";
import type { Permit } from "../../policy/verdict.ts";
import type { Attempt } from "../attempt.ts";
import type { TlsPlan } from "../connect.ts";
import { unlessAborted } from "../deadline.ts";
import type { WireRequest } from "../exchange.ts";
import { type Failed, failed, failureOf } from "../failure.ts";
import { type FamilyOptions, findAddress, policyFailure } from "../find-address.ts";
import type { Authorization } from "./http-credentials.ts";
import { basicValue, secretOf } from "./http-credentials.ts";
import { hostOfUrl, portOfUrl } from "./http-request.ts";
import { exchangeHttp1 } from "./http1.ts";
import { parseToken, type TokenAnswer } from "./oauth2-answer.ts";
import type { Oauth2Options } from "./oauth2-options.ts";
import type { ClientStyle, Token } from "./oauth2-tokens.ts";
import { chooseProxy } from "./proxy.ts";
import {
  connectRoute,
  heldStage,
  isAskedByUrl,
  proxyAuthorization,
  type Route,
} from "./proxy-connect.ts";
import { proxyPolicyFailure } from "./proxy-route.ts";

/** Most that is read of a token server's answer. */
const MAX_ANSWER_BYTES = 2 ** 20;
/** `deny` and the never-list hold for the token server as for a redirect, whoever asked for the probe. */
const PERMIT: Permit = { kind: "deny_only" };

/** What a client shows at the token server. */
type Client = { readonly options: Oauth2Options; readonly secret: string };

/**
 * The Authorization of a module with `oauth2`: a token, kept or fetched within the probe's deadline. None of its time
 * belongs to a phase. Redirects of a token server are not followed: the secret is for it alone.
 *
 * @param family How an address of the token server is chosen.
 * @throws the reason of the attempt's signal.
 */
export async function fetchToken(
  options: Oauth2Options,
  family: FamilyOptions,
  attempt: Attempt,
): Promise<Authorization> {
  const { tools, signal, stages } = attempt;
  const { client_secret: inline, client_secret_file: file } = options;
  const reading = secretOf("client_secret_file", inline, file, tools.files);
  const secret = await unlessAborted(reading, signal);
  if (secret.kind === "failed") return secret;
  const client: Client = { options, secret: secret.text };
  const named = JSON.stringify([options, secret.text, family]);
  const key = createHash("sha256").update(named).digest("base64");
  // The look-up, connection and answer of the token server are none of the target's phases.
  stages.enter("token");
  const held: Attempt = { ...attempt, stages: heldStage("token") };
  const token = await tools.oauth2Tokens.get(key, () => ask(client, family, held), signal);
  stages.enter("prepare");
  if (token.kind === "failed") return token;
  return { kind: "authorization", value: token.value };
}

/** Asks once, or where it is not known yet how the server wants the client to be shown, in both ways. */
async function ask(
  client: Client,
  family: FamilyOptions,
  attempt: Attempt,
): Promise<Token | Failed> {
  const { token_url: url, client_id: id } = client.options;
  const { oauth2Tokens: tokens } = attempt.tools;
  const server = JSON.stringify([url, id]);
  const known = tokens.styleOf(server);
  for (const style of known === undefined ? (["header", "parameters"] as const) : [known]) {
    const answer = await post(client, style, family, attempt);
    if (answer.kind === "failed") return withPlace(answer, url);
    const token = parseToken(answer);
    if (token.kind === "token") {
      tokens.setStyle(server, style);
      return token;
    }
    if (style === "parameters" || known !== undefined) return withPlace(token, url);
  }
  return failed("oauth2_token", "no token was asked for");
}

/** Reasons of its own remain where the agent is at fault; else what counts is that there is no token. */
function withPlace(failure: Failed, url: string): Failed {
  if (failure.reason === "policy_refused" || failure.reason === "agent_overloaded") return failure;
  return failed("oauth2_token", `no token from ${new URL(url).host}: ${failure.detail}`);
}

async function post(
  client: Client,
  style: ClientStyle,
  family: FamilyOptions,
  attempt: Attempt,
): Promise<TokenAnswer | Failed> {
  const { options } = client;
  const { signal, log } = attempt;
  const url = new URL(options.token_url);
  const route = await planRoute(url, options, family, attempt);
  if (route.kind === "failed") return route;
  const plan = await planTls(url, options, attempt);
  if (plan?.kind === "failed") return plan;
  log.add("info", "Asking for an OAuth 2.0 token", { url: `${url.origin}${url.pathname}` });
  const connection = await connectRoute(route.route, portOfUrl(url), plan?.plan, {
    attempt,
    family,
    proxyOptions: options,
    tlsOptions: options.tls_config,
  });
  if (connection.kind === "failed") return connection;
  const { socket } = connection;
  const request = tokenRequest(client, style, url, attempt.tools.userAgent, route.route);
  const chunks: Buffer[] = [];
  let lengthBytes = 0;
  let statusCode = 0;
  let contentType = "";
  const onAbort = (): void => void socket.destroy();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const sink = {
      onHead: (head: { statusCode: number; headers: ReadonlyMap<string, readonly string[]> }) => {
        statusCode = head.statusCode;
        contentType = head.headers.get("content-type")?.[0] ?? "";
        return true;
      },
      onData: (chunk: Buffer) => {
        lengthBytes += chunk.length;
        // A copy: what it was read into is used again.
        chunks.push(Buffer.from(chunk));
        return lengthBytes <= MAX_ANSWER_BYTES;
      },
    };
    await unlessAborted(exchangeHttp1(socket, request, sink, attempt.stages), signal);
  } catch (error) {
    if (signal.aborted) throw error;
    return failureOf(error, "processing");
  } finally {
    signal.removeEventListener("abort", onAbort);
    socket.destroy();
  }
  if (lengthBytes > MAX_ANSWER_BYTES) {
    return failed("oauth2_token", `its answer has more than ${MAX_ANSWER_BYTES} bytes`);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  return { kind: "answer", statusCode, contentType, text };
}

async function planRoute(
  url: URL,
  options: Oauth2Options,
  family: FamilyOptions,
  attempt: Attempt,
): Promise<{ readonly kind: "planned"; readonly route: Route } | Failed> {
  const host = hostOfUrl(url);
  const port = portOfUrl(url);
  const place = { isTls: url.protocol === "https:", host, port };
  const choice = chooseProxy(options, place, attempt.tools.environment);
  switch (choice.kind) {
    case "failed":
      return choice;
    case "proxy": {
      const hop = { host, port, address: undefined };
      const refusal = proxyPolicyFailure(hop, attempt, PERMIT, false);
      const route: Route = { kind: "proxied", proxy: choice.proxy, host };
      return refusal ?? { kind: "planned", route };
    }
    case "direct": {
      const found = await findAddress(host, family, attempt, false);
      if (found.kind === "failed") return found;
      const { address } = found;
      const asked = { ...attempt, request: { ...attempt.request, permit: PERMIT } };
      const refusal = policyFailure({ address, port, host }, asked, false);
      return refusal ?? { kind: "planned", route: { kind: "direct", address } };
    }
  }
}

async function planTls(
  url: URL,
  { tls_config: options }: Oauth2Options,
  { tools, signal }: Attempt,
): Promise<{ readonly kind: "planned"; readonly plan: TlsPlan } | Failed | undefined> {
  if (url.protocol !== "https:") return undefined;
  const ready = await unlessAborted(tools.tlsContexts.get(options), signal);
  if (ready.kind === "failed") return ready;
  const plan: TlsPlan = {
    context: ready.context,
    serverName: options.server_name === "" ? hostOfUrl(url) : options.server_name,
    isVerified: !options.insecure_skip_verify,
    protocols: ["http/1.1"],
  };
  return { kind: "planned", plan };
}

/** @see RFC 6749 sections 4.4.2 and 2.3.1 */
function tokenRequest(
  { options, secret }: Client,
  style: ClientStyle,
  url: URL,
  userAgent: string,
  route: Route,
): WireRequest {
  const { client_id: id, scopes } = options;
  const parameters = new URLSearchParams({ grant_type: options.grant_type });
  if (scopes.length > 0) parameters.set("scope", scopes.join(" "));
  // Also grant_type may be written there: for servers that go by a name of their own.
  for (const [name, value] of Object.entries(options.endpoint_params)) parameters.set(name, value);
  const headers: (readonly [string, string])[] = [
    ["User-Agent", userAgent],
    ["Content-Type", "application/x-www-form-urlencoded"],
  ];
  if (style === "parameters") {
    parameters.set("client_id", id);
    if (secret !== "") parameters.set("client_secret", secret);
  } else headers.push(["Authorization", basicValue(formEncoded(id), formEncoded(secret))]);
  parameters.sort();
  const path = `${url.pathname}${url.search}`;
  const isByUrl = isAskedByUrl(route, url.protocol === "https:");
  const toProxy = isByUrl && route.kind === "proxied" ? proxyAuthorization(route.proxy) : undefined;
  if (toProxy !== undefined) headers.push(["Proxy-Authorization", toProxy]);
  return {
    method: "POST",
    path: isByUrl ? `${url.origin}${path}` : path,
    host: url.host,
    headers,
    body: Buffer.from(parameters.toString()),
  };
}

/** @see RFC 6749 appendix B */
function formEncoded(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1);
}
