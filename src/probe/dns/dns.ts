import { randomInt } from "node:crypto";
import { familyOf } from "../../runtime/address.ts";
import { type AttemptOf, attempt } from "../attempt.ts";
import { connect, type TlsPlan } from "../connect.ts";
import { type Failed, failed } from "../failure.ts";
import { findAddress, policyFailure } from "../find-address.ts";
import type { ProbeRequest, ProbeTools } from "../probe-request.ts";
import type { DnsSectionCounts, ProbeOutcome, TlsFacts } from "../prober.ts";
import { planTls } from "../tls/tls-plan.ts";
import { classNumber, responseCode, responseCodeName, typeNumber } from "./dns-numbers.ts";
import type { DnsOptions } from "./dns-options.ts";
import { dnsTarget } from "./dns-target.ts";
import type { Message } from "./message.ts";
import { nameBytes } from "./name-bytes.ts";
import { encodeQuery, type Query } from "./question.ts";
import type { DnsAnswer } from "./read-answer.ts";
import { TYPE } from "./record-text.ts";
import { recordsFailure } from "./rr-rules.ts";
import { exchangeTcp } from "./tcp-exchange.ts";
import { exchangeUdp, type NameServer } from "./udp-exchange.ts";

/** What a probe has learnt so far. */
type DnsRecord = {
  sections: DnsSectionCounts | undefined;
  responseCode: number | undefined;
  isSoaAsked: boolean;
  soaSerial: number | undefined;
  tls: TlsFacts | undefined;
};

const ID_COUNT = 65_536;

/**
 * One question to one name server, over UDP, TCP or TLS, and blackbox_exporter's rules on the answer.
 *
 * As there, it is asked once: a lost datagram is a failed probe. An answer that was truncated to fit a datagram is taken as
 * it is, and not asked for again over TCP.
 *
 * @param signal The caller going away; ends the probe with the reason `cancelled`.
 */
export async function probeDns(
  request: ProbeRequest,
  tools: ProbeTools,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const record: DnsRecord = {
    sections: undefined,
    responseCode: undefined,
    isSoaAsked: false,
    soaSerial: undefined,
    tls: undefined,
  };
  return await attempt({
    prober: "dns",
    request,
    tools,
    signal,
    make: async (own) => await ask(own, record),
    facts: ({ stages }) => ({
      protocol: "dns",
      phases: {
        resolve: stages.seconds("resolve"),
        connect: stages.seconds("connect"),
        tls: stages.seconds("tls"),
        request: stages.seconds("request"),
      },
      ...record,
    }),
  });
}

type Own = AttemptOf<"dns">;

/** @returns why the probe failed, if it did. */
async function ask(own: Own, record: DnsRecord): Promise<Failed | undefined> {
  const { request, stages, log } = own;
  const options = request.module.dns;
  if (options === undefined) throw new Error("Cannot ask: the module has no block dns");
  const target = dnsTarget(request.target, options.dns_over_tls);
  if (target.kind === "failed") {
    // As blackbox_exporter: a host is looked up before its port is found to be none.
    const found = target.host === undefined ? target : await findAddress(target.host, options, own);
    return found.kind === "failed" ? found : failed(target.reason, target.detail);
  }
  const { host, port } = target;
  const found = await findAddress(host, options, own);
  if (found.kind === "failed") return found;
  const { address } = found;
  const byPolicy = policyFailure({ address, port, host }, own);
  if (byPolicy !== undefined) return byPolicy;
  const { source_ip_address: sourceAddress } = options;
  if (sourceAddress !== "" && familyOf(sourceAddress) !== address.family) {
    return failed(
      "connect_unreachable",
      `source_ip_address ${sourceAddress} cannot reach ${address.text}`,
    );
  }
  const query = queryOf(options);
  record.isSoaAsked = query.type === TYPE.soa;
  log.add("info", "Making DNS query", {
    server: address.text,
    port,
    transport: options.dns_over_tls ? "tls" : options.transport_protocol,
    query: options.query_name,
    type: options.query_type,
    class: options.query_class,
  });
  const server: NameServer = { address, port, sourceAddress };
  const answer =
    options.transport_protocol === "udp"
      ? await exchangeUdp(query, server, own)
      : await askByStream(query, { server, host, options, own, record });
  stages.enter("prepare");
  if (answer.kind === "failed") return answer;
  take(answer.message, record);
  return verdict(answer.message, options, own);
}

/** The options have passed their schema, so that the name and the numbers are there. */
function queryOf(options: DnsOptions): Query {
  const name = nameBytes(options.query_name);
  const type = typeNumber(options.query_type);
  const classOfRecords = classNumber(options.query_class);
  if (name.kind === "failed" || type === undefined || classOfRecords === undefined) {
    throw new Error(`Cannot ask for ${options.query_name}: its options were not checked`);
  }
  return encodeQuery({
    id: randomInt(ID_COUNT),
    isRecursionDesired: options.recursion_desired,
    name: name.bytes,
    type,
    class: classOfRecords,
  });
}

async function askByStream(
  query: Query,
  parts: {
    readonly server: NameServer;
    readonly host: string;
    readonly options: DnsOptions;
    readonly own: Own;
    readonly record: DnsRecord;
  },
): Promise<DnsAnswer> {
  const { server, host, options, own, record } = parts;
  const { tools, stages, signal } = own;
  let tls: TlsPlan | undefined;
  if (options.dns_over_tls) {
    // The name in a certificate has no zone, which means something on this machine alone.
    const planned = await planTls(options.tls_config, host.replace(/%.*$/, ""), own);
    if (planned.kind === "failed") return planned;
    tls = planned.plan;
  }
  const { address, port, sourceAddress } = server;
  const to = {
    host: address.text,
    port,
    sourceAddress: sourceAddress === "" ? undefined : sourceAddress,
  };
  const connection = await connect(to, tls, { open: tools.open, stages, signal });
  record.tls = connection.tls;
  if (connection.kind === "failed") return connection;
  return await exchangeTcp(query, connection.socket, own);
}

function take(message: Message, record: DnsRecord): void {
  record.sections = {
    answer: message.answer.length,
    authority: message.authority.length,
    additional: message.additional.length,
  };
  record.responseCode = message.responseCode;
  if (!record.isSoaAsked) return;
  record.soaSerial = message.answer.findLast(({ type }) => type === TYPE.soa)?.soaSerial;
}

function verdict(
  message: Message,
  options: DnsOptions,
  { log, tools: { regexps } }: Own,
): Failed | undefined {
  const code = responseCodeName(message.responseCode);
  log.add("info", "Got response", {
    rcode: code,
    truncated: message.isTruncated,
    answer: message.answer.length,
    authority: message.authority.length,
    additional: message.additional.length,
  });
  if (!options.valid_rcodes.some((name) => responseCode(name) === message.responseCode)) {
    const wanted = options.valid_rcodes.slice(0, 20).join(", ");
    return failed("query_rcode", `the server answered ${code}, wanted ${wanted}`);
  }
  return (
    recordsFailure("answer", message.answer, options.validate_answer_rrs, regexps) ??
    recordsFailure("authority", message.authority, options.validate_authority_rrs, regexps) ??
    recordsFailure("additional", message.additional, options.validate_additional_rrs, regexps)
  );
}
