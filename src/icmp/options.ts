import { isIP } from "node:net";
import * as z from "zod";
import { flag } from "../runtime/flag.ts";
import { bytes } from "../runtime/units.ts";
import { TRANSPORT_NAMES } from "./transport.ts";

const sourceAddress = z.string().refine((text) => isIP(text) !== 0, {
  error: (issue) => `"${String(issue.input)}" is not an IP address: write for example 192.0.2.1`,
});

/** The `icmp:` block of a module: blackbox_exporter's keys, then ours. */
export const icmpOptions = z.strictObject({
  /** As blackbox_exporter: anything other than "" and ip6 means ip4. */
  preferred_ip_protocol: z.string().default("ip6"),
  ip_protocol_fallback: flag.default(true),
  source_ip_address: sourceAddress.optional(),
  /** ICMP data only, in bytes. The limit is an IPv4 packet less its IP and ICMP headers. */
  payload_size: z.int().min(0).max(65_507).default(0),
  dont_fragment: flag.default(false),
  ttl: z.int().min(0).max(255).default(64),
  dscp: z.int().min(0).max(63).default(0),
  interface: z.string().min(1).max(15).optional(),
  mark: z.int().min(0).max(0xffff_ffff).default(0),
});
export type IcmpOptions = z.output<typeof icmpOptions>;

/** The `icmp:` block of the file: the engine, once per agent. */
export const engineOptions = z.strictObject({
  transport: z.enum(["auto", ...TRANSPORT_NAMES]).default("auto"),
  max_packets_per_second: z.int().min(1).max(10_000_000).default(50_000),
  /** Of all extra echoes of the fast pace together; they come on top of the grid's. */
  max_fast_packets_per_second: z.int().min(1).max(1_000_000).default(1000),
  receive_buffer: bytes
    .refine((value) => value >= 4096 && value <= 2 ** 30, {
      error: "must be between 4KiB and 1GiB",
    })
    .default(8 * 2 ** 20),
});
export type EngineOptions = z.output<typeof engineOptions>;
