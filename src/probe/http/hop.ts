import { chooseAddress, familyChoice } from "../../resolve/choose.ts";
import { type Address, parseAddress } from "../../runtime/address.ts";
import { type Connection, connect, type TlsPlan } from "../connect.ts";
import { unlessAborted } from "../deadline.ts";
import { type Failed, failed, failureOf, refused } from "../failure.ts";
import { exchangeHttp2 } from "../http2/http2.ts";
import type { ProbeLog } from "../probe-log.ts";
import type { ProbeRequest, ProbeTools } from "../probe-request.ts";
import type { Body } from "./body-rules.ts";
import type { CookieJar } from "./cookies.ts";
import type { ResponseHead, ResponseSink, WireRequest } from "./exchange.ts";
import { beginHop, type HttpRecord, parseHttpDate } from "./http-record.ts";
import { hostOfUrl, hostWithoutPort, portOfUrl } from "./http-request.ts";
import { exchangeHttp1 } from "./http1.ts";
import type { Step } from "./redirects.ts";

/** What the hops of one probe share. */
export type Trip = {
  readonly request: ProbeRequest;
  readonly tools: ProbeTools;
  readonly record: HttpRecord;
  readonly log: ProbeLog;
  readonly jar: CookieJar;
  readonly signal: AbortSignal;
  /** Host and port of the first URL; `server_name` is for that place alone. */
  readonly firstPlace: string;
};

/** How one hop ended. A body that could not be read whole is there with its failure beside the head. */
export type HopEnd =
  | {
      readonly kind: "answered";
      readonly head: ResponseHead;
      readonly bodyFailure: Failed | undefined;
    }
  | Failed;

/**
 * One request of a probe: look-up, policy, connection, request, answer.
 *
 * @param isWanted Whether the body of an answer is to be read, asked with its head.
 * @throws the reason of the trip's signal.
 */
export async function hop(
  step: Step,
  trip: Trip,
  isFirst: boolean,
  body: Body,
  isWanted: (head: ResponseHead) => boolean,
): Promise<HopEnd> {
  const { record, tools, request } = trip;
  beginHop(record);
  const host = hostOfUrl(step.url);
  const found = await lookUp(host, trip, isFirst);
  if (found.kind === "failed") return found;
  const { address } = found;
  if (isFirst) record.address = address;
  const port = portOfUrl(step.url);
  const verdict = tools.guard({ address: address.text, port, host }, request.permit, isFirst);
  if (verdict.kind === "refused") return refused(verdict);
  const tls = await planTls(step, trip);
  if (tls?.kind === "failed") return tls;
  const connection = await connectTo(address, port, tls?.plan, trip);
  record.tls = connection.tls;
  if (connection.kind === "failed") return connection;
  record.isTls = tls !== undefined;
  return await converse(connection, step, trip, body, isWanted);
}

type Found = { readonly kind: "found"; readonly address: Address } | Failed;

async function lookUp(host: string, trip: Trip, isFirst: boolean): Promise<Found> {
  const { record, tools, request, log } = trip;
  const options = request.module.http;
  const literal = parseAddress(host);
  if (literal !== undefined) return { kind: "found", address: literal };
  record.stages.enter("resolve");
  const begunSeconds = tools.clock.monotonicSeconds();
  const resolution = await unlessAborted(tools.resolve(host, trip.signal), trip.signal);
  const lookupSeconds = tools.clock.monotonicSeconds() - begunSeconds;
  record.stages.enter("prepare");
  if (isFirst) record.lookupSeconds = lookupSeconds;
  if (resolution.kind === "failed") return failed(resolution.reason, resolution.detail);
  const choice = familyChoice(options.preferred_ip_protocol, options.ip_protocol_fallback);
  const address = chooseAddress(resolution.addresses, choice);
  if (address === undefined) {
    const wanted = choice.preferred === "ipv6" ? "IPv6" : "IPv4";
    return failed("dns_no_address", `${host} has no ${wanted} address and no other may be taken`);
  }
  log.add("info", "Resolved target address", {
    host,
    address: address.text,
    seconds: lookupSeconds,
  });
  return { kind: "found", address };
}

async function planTls(
  step: Step,
  trip: Trip,
): Promise<{ readonly kind: "planned"; readonly plan: TlsPlan } | Failed | undefined> {
  if (step.url.protocol !== "https:") return undefined;
  const { http } = trip.request.module;
  const options = http.tls_config;
  const ready = await unlessAborted(trip.tools.tlsContexts.get(options), trip.signal);
  if (ready.kind === "failed") return ready;
  const isFirstPlace = step.url.host === trip.firstPlace;
  const ownName = isFirstPlace ? options.server_name : "";
  const plan: TlsPlan = {
    context: ready.context,
    serverName: ownName === "" ? hostWithoutPort(step.host ?? step.url.host) : ownName,
    isVerified: !options.insecure_skip_verify,
    isHttp2Offered: http.enable_http2,
  };
  return { kind: "planned", plan };
}

async function connectTo(
  address: Address,
  port: number,
  tls: TlsPlan | undefined,
  { tools, record, signal, log }: Trip,
): Promise<Connection> {
  const { stages } = record;
  const to = { address: address.text, port, tls };
  const connection = await connect(to, { open: tools.open, stages, signal });
  if (connection.kind === "connected") {
    log.add("info", "Connected", {
      address: address.text,
      port,
      tls: connection.tls?.version,
      server_name: tls?.serverName,
      http2: connection.isHttp2,
    });
  }
  return connection;
}

async function converse(
  connection: Connection & { readonly kind: "connected" },
  step: Step,
  trip: Trip,
  body: Body,
  isWanted: (head: ResponseHead) => boolean,
): Promise<HopEnd> {
  const { record, signal, log } = trip;
  const { socket } = connection;
  const host = step.host ?? step.url.host;
  log.add("info", "Making HTTP request", { url: shownUrl(step.url), host, method: step.method });
  let head: ResponseHead | undefined;
  const sink: ResponseSink = {
    onHead: (received) => {
      head = received;
      take(received, record);
      log.add("info", "Received HTTP response", { status_code: received.statusCode });
      return isWanted(received);
    },
    onData: (chunk) => body.add(chunk),
  };
  const onAbort = (): void => void socket.destroy();
  signal.addEventListener("abort", onAbort, { once: true });
  let failure: Failed | undefined;
  try {
    const exchange = connection.isHttp2 ? exchangeHttp2 : exchangeHttp1;
    const exchanged = exchange(socket, wireRequest(step, host, trip), sink, record.stages);
    await unlessAborted(exchanged, signal);
    failure = body.failure;
  } catch (error) {
    // The stage is still that of the cut, which names the reason of a timeout.
    if (signal.aborted) throw error;
    failure = failureOf(error, record.stages.current);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
  record.stages.enter("prepare");
  record.bodyBytes = body.lengthBytes;
  if (head === undefined) return failure ?? failed("http_closed", "no answer came");
  return { kind: "answered", head, bodyFailure: failure };
}

function take(head: ResponseHead, record: HttpRecord): void {
  record.statusCode = head.statusCode;
  record.httpVersion = head.httpVersion;
  record.contentLengthBytes = head.contentLengthBytes;
  record.lastModifiedSeconds = parseHttpDate(head.headers.get("last-modified")?.[0]);
}

/** The jar's cookies come after those the module sends itself. */
function wireRequest(step: Step, host: string, { jar }: Trip): WireRequest {
  const own = step.headers.find(([name]) => name.toLowerCase() === "cookie")?.[1];
  const stored = jar.headerFor(step.url);
  const cookie = [own, stored].filter((part) => part !== undefined && part !== "").join("; ");
  const others = step.headers.filter(([name]) => name.toLowerCase() !== "cookie");
  return {
    method: step.method,
    path: `${step.url.pathname}${step.url.search}`,
    host,
    headers: cookie === "" ? others : [...others, ["Cookie", cookie]],
    body: step.body,
  };
}

/** A URL without the password it may hold. */
function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}${url.search}`;
}
