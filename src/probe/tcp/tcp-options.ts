import { isIP } from "node:net";
import * as z from "zod";
import { flag } from "../../runtime/flag.ts";
import { quote } from "../../runtime/found.ts";
import { checkStartTls, dialogueSteps } from "../dialogue/dialogue-options.ts";
import { tlsOptions } from "../tls/tls-options.ts";

/** The `tcp:` block of a module: blackbox_exporter's keys. */
export const tcpOptions = z
  .strictObject({
    /** As blackbox_exporter: anything other than "" and ip6 means ip4. */
    preferred_ip_protocol: z.string().default("ip6"),
    ip_protocol_fallback: flag.default(true),
    /** Empty: the system chooses. */
    source_ip_address: z
      .string()
      .refine((text) => text === "" || isIP(text) !== 0, {
        error: ({ input }) =>
          `${quote(String(input))} is not an IP address: write for example 192.0.2.1`,
      })
      .default(""),
    query_response: dialogueSteps.default([]),
    tls: flag.default(false),
    tls_config: tlsOptions.prefault({}),
  })
  .superRefine(checkStartTls);
export type TcpOptions = z.output<typeof tcpOptions>;
