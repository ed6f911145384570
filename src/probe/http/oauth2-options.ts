import * as z from "zod";
import { quote } from "../../runtime/found.ts";
import { secret } from "../../runtime/secrets.ts";
import { filePath } from "../file-path.ts";
import { tlsOptions } from "../tls/tls-options.ts";
import { proxyKeys, proxyProblems } from "./http-route-options.ts";

const MAX_SCOPES = 100;
const MAX_PARAMETERS = 100;
const MAX_CHARACTERS = 4096;

const tokenUrl = z
  .string({ error: "expected the URL of the token server" })
  .max(MAX_CHARACTERS)
  .superRefine((text, context) => {
    const problem = tokenUrlProblem(text);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  });

function tokenUrlProblem(text: string): string | undefined {
  const example = "write for example https://login.example.net/oauth2/token";
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return `is no URL of HTTP: ${example}`;
  const { username, password, port } = new URL(text);
  if (username !== "" || password !== "") {
    return "holds a user or password: write them as client_id and client_secret";
  }
  return port === "0" ? "has port 0: write the port that the token server listens on" : undefined;
}

/** The `oauth2:` block: client credentials (RFC 6749 section 4.4). A file is read when a token is needed. */
export const oauth2 = z
  .strictObject({
    client_id: z
      .string({ error: "expected the client's name at the token server" })
      .min(1, { error: "must not be empty: write the client's name at the token server" })
      .max(MAX_CHARACTERS),
    client_secret: secret.optional(),
    client_secret_file: filePath.optional(),
    grant_type: z
      .literal("client_credentials", {
        error: "expected client_credentials: tokens are fetched in no other way",
      })
      .default("client_credentials"),
    scopes: z.array(z.string().max(MAX_CHARACTERS)).max(MAX_SCOPES).default([]),
    token_url: tokenUrl,
    /** Sent along with the request for a token. */
    endpoint_params: z
      .record(z.string(), secret)
      .refine((parameters) => Object.keys(parameters).length <= MAX_PARAMETERS, {
        error: `at most ${MAX_PARAMETERS} parameters are allowed`,
      })
      .default({}),
    tls_config: tlsOptions.prefault({}),
    ...proxyKeys,
  })
  .superRefine((options, context) => {
    if (options.client_secret !== undefined && options.client_secret_file !== undefined) {
      context.addIssue({
        code: "custom",
        path: ["client_secret_file"],
        message: "client_secret and client_secret_file exclude each other: keep one",
      });
    }
    if (options.scopes.length > 0 && Object.hasOwn(options.endpoint_params, "scope")) {
      context.addIssue({
        code: "custom",
        path: ["endpoint_params", "scope"],
        message: `parameter ${quote("scope")} is made of scopes: keep one of the two`,
      });
    }
    proxyProblems(options, context);
  });
export type Oauth2Options = z.output<typeof oauth2>;
