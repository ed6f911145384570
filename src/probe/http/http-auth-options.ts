import * as z from "zod";
import { secret } from "../../runtime/secrets.ts";
import { filePath } from "../file-path.ts";
import { HTTP_TOKEN } from "./request-headers.ts";

/** At most one of two keys, or a problem at the second. */
function exclude<T extends Readonly<Record<string, unknown>>>(first: keyof T, second: keyof T) {
  return (options: T, context: z.core.$RefinementCtx<T>): void => {
    if (options[first] === undefined || options[second] === undefined) return;
    context.addIssue({
      code: "custom",
      path: [String(second)],
      message: `${String(first)} and ${String(second)} exclude each other: keep one`,
    });
  };
}

/** The `basic_auth:` block. Files are read at each probe, white space around what they hold is dropped. */
export const basicAuth = z
  .strictObject({
    username: z.string().max(1024).optional(),
    username_file: filePath.optional(),
    password: secret.optional(),
    password_file: filePath.optional(),
  })
  .superRefine(exclude("username", "username_file"))
  .superRefine(exclude("password", "password_file"));

/** The `authorization:` block: `Authorization: <type> <credentials>`. */
export const authorization = z
  .strictObject({
    type: z
      .string()
      .trim()
      .regex(HTTP_TOKEN, { error: "expected one word, such as Bearer" })
      .refine((type) => type.toLowerCase() !== "basic", {
        error: "type Basic needs user and password: write basic_auth instead",
      })
      .default("Bearer"),
    credentials: secret.optional(),
    credentials_file: filePath.optional(),
  })
  .superRefine(exclude("credentials", "credentials_file"));

/** The keys of a module that authenticate its requests. */
export const authenticationKeys = {
  basic_auth: basicAuth.optional(),
  authorization: authorization.optional(),
  /** Older form of `authorization`. */
  bearer_token: secret.optional(),
  bearer_token_file: filePath.optional(),
};
export type Authentication = z.output<z.ZodObject<typeof authenticationKeys>>;

const METHODS = [...Object.keys(authenticationKeys), "oauth2"];

/** The keys of which only one may be there, those that are, in the order of the contract. */
export function authenticationMethods(
  options: Authentication & { readonly oauth2?: unknown },
): string[] {
  const written = new Map(Object.entries(options));
  return METHODS.filter((key) => written.get(key) !== undefined);
}

/**
 * As the Prometheus family's client: a bearer token is an `authorization`, and is shown as one.
 *
 * @returns the options without the older keys.
 */
export function withBearerAsAuthorization<T extends Authentication>({
  bearer_token: credentials,
  bearer_token_file: file,
  ...options
}: T): Omit<T, "bearer_token" | "bearer_token_file"> {
  if (file !== undefined) {
    return { ...options, authorization: { type: "Bearer", credentials_file: file } };
  }
  if (credentials === undefined || credentials === "") return options;
  return { ...options, authorization: { type: "Bearer", credentials } };
}
