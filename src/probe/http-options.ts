import * as z from "zod";

/** The `http:` block of a module: blackbox_exporter's keys. */
export const httpOptions = z.strictObject({
  preferred_ip_protocol: z.string().default("ip6"),
  ip_protocol_fallback: z.boolean().default(true),
});
export type HttpOptions = z.output<typeof httpOptions>;
