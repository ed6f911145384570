import { isIP } from "node:net";
import * as z from "zod";
import { flag } from "../../runtime/flag.ts";
import { found, quote } from "../../runtime/found.ts";
import { regexp } from "../regexps.ts";
import { tlsOptions } from "../tls/tls-options.ts";
import { classNumber, responseCode, typeNumber } from "./dns-numbers.ts";
import { nameBytes } from "./name-bytes.ts";

const MAX_RULES = 1_000;
/** Longer than any name can be written, each of its bytes as `\DDD`. */
const MAX_NAME_CHARACTERS = 1_024;

const queryName = z
  .string({ error: "expected the name to ask for, such as www.example.net" })
  .min(1, { error: "must not be empty: write the name to ask for, or . for the root" })
  .max(MAX_NAME_CHARACTERS)
  .superRefine((text, context) => {
    const name = nameBytes(text);
    if (name.kind === "encoded") return;
    context.addIssue({
      code: "custom",
      message: `${quote(text)} ${name.problem}: write a name such as www.example.net`,
    });
  });

const capitals = (text: unknown, isKnown: (name: string) => boolean): string => {
  const upper = String(text).toUpperCase();
  return isKnown(upper) ? `: write ${upper} in capitals` : "";
};

const isType = (name: string): boolean => typeNumber(name) !== undefined;
const queryType = z
  .string({ error: "expected a type of record, such as A" })
  .refine((name) => name === "" || isType(name), {
    error: ({ input }) =>
      `${found(input)} is no type of record${capitals(input, isType) || ": write for example A, AAAA, MX or SOA"}`,
  })
  .transform((name) => (name === "" ? "ANY" : name));

const isClass = (name: string): boolean => classNumber(name) !== undefined;
const queryClass = z
  .string({ error: "expected a class of records, such as IN" })
  .refine((name) => name === "" || isClass(name), {
    error: ({ input }) =>
      `${found(input)} is no class of records${capitals(input, isClass) || ": write IN, CH, HS, CS, NONE or ANY"}`,
  })
  .transform((name) => (name === "" ? "IN" : name));

const isCode = (name: string): boolean => responseCode(name) !== undefined;
const validCode = z.string({ error: "expected a response code, such as NOERROR" }).refine(isCode, {
  error: ({ input }) =>
    `${found(input)} is no response code${capitals(input, isCode) || ": write for example NOERROR or NXDOMAIN"}`,
});

const transport = z
  .string({ error: "expected udp or tcp" })
  .refine((name) => name === "" || name === "udp" || name === "tcp", {
    error: ({ input }) => `${found(input)} is no transport of DNS: write udp or tcp`,
  })
  .transform((name): "udp" | "tcp" => (name === "tcp" ? "tcp" : "udp"));

const sourceAddress = z.string().refine((text) => text === "" || isIP(text) !== 0, {
  error: ({ input }) => `${found(input)} is not an IP address: write for example 192.0.2.1`,
});

/** Rules on the records of one section, over their lines of a zone file. */
const recordRules = z.strictObject({
  fail_if_matches_regexp: z.array(regexp).max(MAX_RULES).default([]),
  /** As blackbox_exporter: the probe fails *unless* every record matches every one of them. */
  fail_if_all_match_regexp: z.array(regexp).max(MAX_RULES).default([]),
  fail_if_not_matches_regexp: z.array(regexp).max(MAX_RULES).default([]),
  fail_if_none_matches_regexp: z.array(regexp).max(MAX_RULES).default([]),
});
export type RecordRules = z.output<typeof recordRules>;

/** The `dns:` block of a module: blackbox_exporter's keys. Plain data; regexps stay texts. */
export const dnsOptions = z
  .strictObject({
    query_name: queryName,
    query_type: queryType.default("ANY"),
    query_class: queryClass.default("IN"),
    recursion_desired: flag.default(true),
    transport_protocol: transport.default("udp"),
    dns_over_tls: flag.default(false),
    tls_config: tlsOptions.prefault({}),
    /** "" is none. */
    source_ip_address: sourceAddress.default(""),
    /** As blackbox_exporter: anything other than "" and ip6 means ip4. */
    preferred_ip_protocol: z.string().default("ip6"),
    ip_protocol_fallback: flag.default(true),
    valid_rcodes: z
      .array(validCode)
      .min(1, { error: "is empty, so no answer is valid: write [NOERROR], or leave the key out" })
      .max(MAX_RULES)
      .default(["NOERROR"]),
    validate_answer_rrs: recordRules.prefault({}),
    validate_authority_rrs: recordRules.prefault({}),
    validate_additional_rrs: recordRules.prefault({}),
  })
  .superRefine((options, context) => {
    if (!options.dns_over_tls || options.transport_protocol === "tcp") return;
    context.addIssue({
      code: "custom",
      path: ["dns_over_tls"],
      message: "dns_over_tls needs TCP: write transport_protocol: tcp as well",
    });
  });
export type DnsOptions = z.output<typeof dnsOptions>;
