import * as z from "zod";
import { icmpOptions } from "../icmp/options.ts";
import { positiveSeconds } from "../runtime/units.ts";
import { httpOptions } from "./http/http-options.ts";

export const PROBERS = ["http", "icmp"] as const;
export type ProberName = (typeof PROBERS)[number];

/** One module. As blackbox_exporter has it: every block is checked, the one `prober` names is used. */
export const moduleOptions = z.strictObject({
  prober: z.enum(PROBERS),
  /** Seconds; undefined means the scrape timeout (`/probe`) or the interval (groups). */
  timeout: positiveSeconds.optional(),
  icmp: icmpOptions.prefault({}),
  http: httpOptions.prefault({}),
});
export type Module = z.output<typeof moduleOptions>;

/** The modules that exist without being written; one in the file replaces it. */
export const BUILT_IN_MODULES: Readonly<Record<string, z.input<typeof moduleOptions>>> = {
  icmp: { prober: "icmp" },
  http_2xx: { prober: "http" },
  http_post_2xx: { prober: "http", http: { method: "POST" } },
};
