import * as z from "zod";
import { positiveSeconds, seconds } from "../runtime/units.ts";
import { isSearchDomain, quote } from "./host-name.ts";
import { parseServerAddress } from "./server-address.ts";

/** Far beyond what anybody waits for a name; a longer timer of Node.js would fire at once. */
const MAX_TIMEOUT_SECONDS = 60;

const server = z.string().refine((text) => parseServerAddress(text) !== undefined, {
  error: ({ input }) =>
    `${quote(String(input))} is not an address: write 192.0.2.53 or [2001:db8::53]:53`,
});

const searchDomain = z.string().refine(isSearchDomain, {
  error: ({ input }) =>
    `${quote(String(input))} is not a domain: write for example corp.example.net`,
});

/** The `resolver:` block. Empty lists mean what resolv.conf says. */
export const resolverOptions = z
  .strictObject({
    /** Addresses with an optional port: `192.0.2.53`, `192.0.2.53:5353`, `[2001:db8::53]:53`. */
    servers: z.array(server).max(16).default([]),
    search: z.array(searchDomain).max(32).default([]),
    /** For the whole question: every server, try and name of the search list. */
    timeout: positiveSeconds
      .refine((value) => value <= MAX_TIMEOUT_SECONDS, { error: "must not be longer than 1m" })
      .default(2),
    min_ttl: seconds.default(5),
    max_ttl: positiveSeconds.default(3_600),
  })
  .refine(({ min_ttl, max_ttl }) => min_ttl <= max_ttl, {
    path: ["min_ttl"],
    error: "must not be longer than max_ttl",
  });
export type ResolverOptions = z.output<typeof resolverOptions>;
