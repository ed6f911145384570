import { createPrivateKey, X509Certificate } from "node:crypto";
import * as z from "zod";
import { flag } from "../../runtime/flag.ts";
import { secret } from "../../runtime/secrets.ts";
import { filePath } from "../file-path.ts";

/** As Go's configuration files name them. */
export const TLS_VERSIONS = ["TLS10", "TLS11", "TLS12", "TLS13"] as const;
export type TlsVersion = (typeof TLS_VERSIONS)[number];

const tlsVersion = z.enum(TLS_VERSIONS, { error: "expected TLS10, TLS11, TLS12 or TLS13" });

/** Larger than any chain or bundle of roots in use. */
const MAX_PEM_CHARACTERS = 4 * 2 ** 20;

const certificatePem = z
  .string({ error: "expected certificates in PEM form" })
  .max(MAX_PEM_CHARACTERS)
  .superRefine((text, context) => {
    const problem = pemProblem(() => new X509Certificate(text));
    if (problem !== undefined) {
      context.addIssue({
        code: "custom",
        message: `holds no certificate (${problem}): write PEM, beginning with -----BEGIN CERTIFICATE-----`,
      });
    }
  });

const keyPem = secret.superRefine((text, context) => {
  // What the parser says of a broken key may quote nothing of it, so its message is left out.
  if (pemProblem(() => createPrivateKey(text)) !== undefined) {
    context.addIssue({
      code: "custom",
      message: "holds no private key: write PEM without a passphrase",
    });
  }
});

function pemProblem(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const ONE_SOURCE = [
  ["ca", "ca_file"],
  ["cert", "cert_file"],
  ["key", "key_file"],
] as const;

/** The `tls_config:` block of a prober: the Prometheus family's keys. Files are read at each probe. */
export const tlsOptions = z
  .strictObject({
    ca: certificatePem.optional(),
    ca_file: filePath.optional(),
    cert: certificatePem.optional(),
    cert_file: filePath.optional(),
    key: keyPem.optional(),
    key_file: filePath.optional(),
    /** For SNI and for the names in the certificate; "" means the name of the target. */
    server_name: z
      .string()
      .max(253)
      .refine((name) => !/[\s\p{Cc}]/u.test(name), {
        error: "holds a space or a control character: write a name such as www.example.net",
      })
      .default(""),
    insecure_skip_verify: flag.default(false),
    min_version: tlsVersion.optional(),
    max_version: tlsVersion.optional(),
  })
  .superRefine((options, context) => {
    for (const [inline, file] of ONE_SOURCE) {
      if (options[inline] !== undefined && options[file] !== undefined) {
        context.addIssue({
          code: "custom",
          path: [file],
          message: `${inline} and ${file} exclude each other: keep one`,
        });
      }
    }
    const hasCertificate = options.cert !== undefined || options.cert_file !== undefined;
    const hasKey = options.key !== undefined || options.key_file !== undefined;
    if (hasCertificate !== hasKey) {
      const [there, missing] = hasCertificate ? ["certificate", "key"] : ["key", "certificate"];
      context.addIssue({
        code: "custom",
        message: `a client ${there} needs its ${missing}: write ${hasCertificate ? "key_file" : "cert_file"} as well`,
      });
    }
    const { min_version: min, max_version: max } = options;
    if (min !== undefined && max !== undefined) {
      if (TLS_VERSIONS.indexOf(min) > TLS_VERSIONS.indexOf(max)) {
        context.addIssue({
          code: "custom",
          path: ["min_version"],
          message: `min_version ${min} is above max_version ${max}: write the lower one first`,
        });
      }
    }
  });
export type TlsOptions = z.output<typeof tlsOptions>;
