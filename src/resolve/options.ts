import * as z from "zod";
import { positiveSeconds, seconds } from "../runtime/units.ts";

/** The `resolver:` block. Empty lists mean what resolv.conf says. */
export const resolverOptions = z.strictObject({
  /** Addresses with an optional port: `192.0.2.53`, `192.0.2.53:5353`, `[2001:db8::53]:53`. */
  servers: z.array(z.string()).max(16).default([]),
  search: z.array(z.string()).max(32).default([]),
  timeout: positiveSeconds.default(2),
  min_ttl: seconds.default(5),
  max_ttl: positiveSeconds.default(3_600),
});
export type ResolverOptions = z.output<typeof resolverOptions>;
