import * as z from "zod";
import { flag } from "../../runtime/flag.ts";
import { tlsOptions } from "../tls/tls-options.ts";
import { grpcMetadata } from "./grpc-metadata.ts";

const MAX_SERVICE_CHARACTERS = 1024;

/** The `grpc:` block of a module: blackbox_exporter's keys. */
export const grpcOptions = z.strictObject({
  /** The name asked for; "" means the server as a whole. */
  service: z.string().max(MAX_SERVICE_CHARACTERS).default(""),
  tls: flag.default(false),
  tls_config: tlsOptions.prefault({}),
  metadata: grpcMetadata.default({}),
  /** As blackbox_exporter: anything other than "" and ip6 means ip4. */
  preferred_ip_protocol: z.string().default("ip6"),
  ip_protocol_fallback: flag.default(true),
});
export type GrpcOptions = z.output<typeof grpcOptions>;
