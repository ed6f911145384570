import * as z from "zod";
import { icmpOptions } from "../icmp/options.ts";
import { positiveSeconds } from "../runtime/units.ts";
import { dnsOptions } from "./dns/dns-options.ts";
import { grpcOptions } from "./grpc/grpc-options.ts";
import { httpOptions } from "./http/http-options.ts";
import { tcpOptions } from "./tcp/tcp-options.ts";
import { unixOptions } from "./unix/unix-options.ts";
import { websocketOptions } from "./websocket/websocket-options.ts";

export const PROBERS = ["http", "icmp", "dns", "grpc", "tcp", "unix", "websocket"] as const;
export type ProberName = (typeof PROBERS)[number];

/** One module. As blackbox_exporter has it: every block is checked, the one `prober` names is used. */
export const moduleOptions = z
  .strictObject({
    prober: z.enum(PROBERS),
    /** Seconds; undefined means the scrape timeout (`/probe`) or the interval (groups). */
    timeout: positiveSeconds.optional(),
    icmp: icmpOptions.prefault({}),
    http: httpOptions.prefault({}),
    /** Undefined where it is not written: there is no question that every name server is asked. */
    dns: dnsOptions.optional(),
    grpc: grpcOptions.prefault({}),
    websocket: websocketOptions.prefault({}),
    tcp: tcpOptions.prefault({}),
    unix: unixOptions.prefault({}),
  })
  .superRefine(({ prober, dns }, context) => {
    if (prober !== "dns" || dns !== undefined) return;
    context.addIssue({
      code: "custom",
      path: ["dns"],
      message: "the prober dns needs a question: write for example dns: {query_name: example.net}",
    });
  });
export type Module = z.output<typeof moduleOptions>;

/** The modules that exist without being written; one in the file replaces it. */
export const BUILT_IN_MODULES: Readonly<Record<string, z.input<typeof moduleOptions>>> = {
  icmp: { prober: "icmp" },
  http_2xx: { prober: "http" },
  http_post_2xx: { prober: "http", http: { method: "POST" } },
  tcp_connect: { prober: "tcp" },
};
