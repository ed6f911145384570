import * as z from "zod";
import { flag } from "../../runtime/flag.ts";
import { checkStartTls, dialogueSteps } from "../dialogue/dialogue-options.ts";
import { tlsOptions } from "../tls/tls-options.ts";

/** The `unix:` block of a module: blackbox_exporter's keys. */
export const unixOptions = z
  .strictObject({
    query_response: dialogueSteps.default([]),
    tls: flag.default(false),
    tls_config: tlsOptions.prefault({}),
  })
  .superRefine(checkStartTls)
  .superRefine(({ tls, tls_config, query_response }, context) => {
    const isTlsSpoken = tls || query_response.some(({ starttls }) => starttls);
    const hasName = tls_config.server_name !== "" || tls_config.insecure_skip_verify;
    if (!isTlsSpoken || hasName) return;
    context.addIssue({
      code: "custom",
      path: ["tls_config", "server_name"],
      message:
        "server_name is missing: no certificate is for a path, so write the name that it must be for, or insecure_skip_verify: true",
    });
  });
export type UnixOptions = z.output<typeof unixOptions>;
