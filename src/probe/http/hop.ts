import type { Socket } from "node:net";
import { urlText } from "../../target/web-url.ts";
import type { Attempt } from "../attempt.ts";
import type { Connection, TlsPlan } from "../connect.ts";
import { unlessAborted } from "../deadline.ts";
import type { ResponseHead, WireRequest } from "../exchange.ts";
import { type Failed, failed, failureOf } from "../failure.ts";
import { exchangeHttp2 } from "../http2/http2.ts";
import type { TlsOptions } from "../tls/tls-options.ts";
import type { Authorizer } from "./authorization.ts";
import type { Body } from "./body-rules.ts";
import { isPacked } from "./compression.ts";
import type { CookieJar } from "./cookies.ts";
import { Decoder } from "./decoder.ts";
import { beginHop, type HttpRecord, parseHttpDate } from "./http-record.ts";
import { hostWithoutPort, portFailure } from "./http-request.ts";
import { exchangeHttp1, type PausingSink } from "./http1.ts";
import { connectRoute } from "./proxy-connect.ts";
import { type FirstPlace, type PlannedRoute, planRoute } from "./proxy-route.ts";
import type { Step } from "./redirects.ts";

const UNAUTHORIZED = 401;

/** What the hops of one probe share. */
export type Trip = {
  readonly attempt: Attempt;
  readonly record: HttpRecord;
  readonly jar: CookieJar;
  /** Host and port of the first URL; `server_name` is for that place alone. */
  readonly firstPlace: string;
  readonly first: FirstPlace;
  readonly authorizer: Authorizer;
};

/** One request about to be written, with all that the module says of it and what lies on its way. */
type Sending = {
  readonly step: Step;
  readonly planned: PlannedRoute & { readonly kind: "planned" };
  readonly authorization: string | undefined;
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
  const { record, attempt } = trip;
  beginHop(record);
  if (step.url.hostname === "") return failed("dns_bad_name", "the target names no host");
  const planned = await planRoute(step, trip.first, attempt, isFirst);
  record.isResolveSkipped = trip.first.isResolveSkipped;
  if (planned.kind === "failed") return planned;
  const tls = await planTls(step, trip);
  if (tls?.kind === "failed") return tls;
  const byPort = portFailure(planned.port);
  if (byPort !== undefined) return byPort;
  const authorization = await trip.authorizer.valueFor(step);
  if (authorization.kind === "failed") return authorization;
  const connection = await connectTo(planned, tls?.plan, trip);
  record.tls = connection.tls;
  if (connection.kind === "failed") return connection;
  record.isTls = tls !== undefined;
  const sending: Sending = { step, planned, authorization: authorization.value };
  const end = await converse(connection, sending, trip, body, isWanted);
  if (record.statusCode === UNAUTHORIZED) trip.authorizer.refused();
  return end;
}

async function planTls(
  step: Step,
  trip: Trip,
): Promise<{ readonly kind: "planned"; readonly plan: TlsPlan } | Failed | undefined> {
  const isTls = step.url.protocol === "https:";
  const { tools, request, signal } = trip.attempt;
  const { http } = request.module;
  const options = http.tls_config;
  // As blackbox_exporter, which reads the module's files whether or not they will be needed.
  if (!isTls && !hasFiles(options)) return undefined;
  const ready = await unlessAborted(tools.tlsContexts.get(options), signal);
  if (ready.kind === "failed") return ready;
  if (!isTls) return undefined;
  const isFirstPlace = step.url.host === trip.firstPlace;
  const ownName = isFirstPlace ? options.server_name : "";
  const plan: TlsPlan = {
    context: ready.context,
    serverName: ownName === "" ? hostWithoutPort(step.host ?? step.url.host) : ownName,
    isVerified: !options.insecure_skip_verify,
    protocols: http.enable_http2 ? ["h2", "http/1.1"] : ["http/1.1"],
  };
  return { kind: "planned", plan };
}

function hasFiles({ ca_file: ca, cert_file: cert, key_file: key }: TlsOptions): boolean {
  return ca !== undefined || cert !== undefined || key !== undefined;
}

async function connectTo(
  { route, port }: Sending["planned"],
  tls: TlsPlan | undefined,
  { attempt }: Trip,
): Promise<Connection> {
  const { http } = attempt.request.module;
  const tools = { attempt, family: http, proxyOptions: http, tlsOptions: http.tls_config };
  const connection = await connectRoute(route, port, tls, tools);
  if (connection.kind === "connected") {
    attempt.log.add("info", "Connected", {
      address: route.kind === "direct" ? route.address.text : route.host,
      port,
      proxy: route.kind === "direct" ? undefined : `${route.proxy.host}:${route.proxy.port}`,
      tls: connection.tls?.version,
      server_name: tls?.serverName,
      http2: connection.isHttp2,
    });
  }
  return connection;
}

async function converse(
  connection: Connection & { readonly kind: "connected" },
  sending: Sending,
  trip: Trip,
  body: Body,
  isWanted: (head: ResponseHead) => boolean,
): Promise<HopEnd> {
  const { record } = trip;
  const { signal, log, stages } = trip.attempt;
  const { socket } = connection;
  const { step } = sending;
  const host = step.host ?? step.url.host;
  log.add("info", "Making HTTP request", { url: urlText(step.url), host, method: step.method });
  let head: ResponseHead | undefined;
  let decoder: Decoder | undefined;
  const sink: PausingSink = {
    onHead: (received) => {
      head = received;
      take(received, record);
      log.add("info", "Received HTTP response", { status_code: received.statusCode });
      if (!isWanted(received)) return false;
      decoder = decoderFor(trip, body, socket);
      return true;
    },
    onData: (chunk) => {
      if (decoder === undefined) return body.add(chunk);
      const isMoreWanted = decoder.add(chunk);
      // HTTP/1.1 waits by its parser; here nothing stands between us and the socket.
      if (connection.isHttp2) holdUp(socket, decoder.room);
      return isMoreWanted;
    },
    room: () => decoder?.room,
  };
  const onAbort = (): void => void socket.destroy();
  signal.addEventListener("abort", onAbort, { once: true });
  let failure: Failed | undefined;
  try {
    const exchange = connection.isHttp2 ? exchangeHttp2 : exchangeHttp1;
    const exchanged = exchange(socket, wireRequest(sending, host, trip), sink, stages);
    await unlessAborted(exchanged, signal);
    failure = body.failure;
    if (failure === undefined && decoder !== undefined) {
      failure = (await unlessAborted(decoder.end(), signal)) ?? body.failure;
    }
  } catch (error) {
    // The stage is still that of the cut, which names the reason of a timeout.
    if (signal.aborted) throw error;
    failure = body.failure ?? decoder?.failure ?? failureOf(error, stages.current);
  } finally {
    signal.removeEventListener("abort", onAbort);
    decoder?.destroy();
  }
  stages.enter("prepare");
  record.bodyBytes = body.lengthBytes;
  if (head === undefined) return failure ?? failed("http_closed", "no answer came");
  return { kind: "answered", head, bodyFailure: failure };
}

/** What unpacks the body, when the module says that it must be packed, whatever its header says. */
function decoderFor(
  { attempt: { request, tools } }: Trip,
  body: Body,
  socket: Socket,
): Decoder | undefined {
  const { compression } = request.module.http;
  if (!isPacked(compression)) return undefined;
  return new Decoder({
    compression,
    budget: tools.bodyBudget,
    onData: (chunk) => body.add(chunk),
    // The peer may be silent just then, and nobody would ask for the next chunk.
    onStop: () => void socket.destroy(),
  });
}

function holdUp(socket: Socket, room: Promise<void> | undefined): void {
  if (room === undefined) return;
  socket.pause();
  void room.then(() => socket.resume());
}

function take(head: ResponseHead, record: HttpRecord): void {
  record.statusCode = head.statusCode;
  record.httpVersion = head.httpVersion;
  record.contentLengthBytes = head.contentLengthBytes;
  record.lastModifiedSeconds = parseHttpDate(head.headers.get("last-modified")?.[0]);
}

/** The jar's cookies come after those the module sends itself. */
function wireRequest(
  { step, planned, authorization }: Sending,
  host: string,
  { jar }: Trip,
): WireRequest {
  const { proxyAuthorization } = planned;
  const headers: (readonly [name: string, value: string])[] = [];
  const cookies: string[] = [];
  let hasReferer = false;
  for (const header of step.headers) {
    const [name, value] = header;
    switch (name.toLowerCase()) {
      case "cookie":
        if (value !== "") cookies.push(value);
        break;
      case "authorization":
        if (authorization === undefined) headers.push(header);
        break;
      case "proxy-authorization":
        if (proxyAuthorization === undefined) headers.push(header);
        break;
      case "referer":
        hasReferer = true;
        headers.push(header);
        break;
      default:
        headers.push(header);
    }
  }
  const kept = jar.headerFor(step.url);
  if (kept !== undefined) cookies.push(kept);
  if (cookies.length > 0) headers.push(["Cookie", cookies.join("; ")]);
  if (authorization !== undefined) headers.push(["Authorization", authorization]);
  if (proxyAuthorization !== undefined) headers.push(["Proxy-Authorization", proxyAuthorization]);
  if (step.referer !== undefined && !hasReferer) headers.push(["Referer", step.referer]);
  const path = `${step.url.pathname}${step.url.search}`;
  return {
    method: step.method,
    path: planned.urlStart === undefined ? path : `${planned.urlStart}${path}`,
    host,
    headers,
    body: step.body,
  };
}
