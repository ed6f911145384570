import type { Attempt } from "../attempt.ts";
import { unlessAborted } from "../deadline.ts";
import { type Failed, failed } from "../failure.ts";
import type { FileCache } from "../file-cache.ts";
import { basicValue, decodedUserinfo, secretOf } from "./http-credentials.ts";
import type { HttpOptions } from "./http-options.ts";
import { fetchToken } from "./oauth2.ts";
import type { Step } from "./redirects.ts";
import { isHeaderValue } from "./request-headers.ts";

export type Authorization =
  /** Undefined: the request has no Authorization but what its own headers say. */
  { readonly kind: "authorization"; readonly value: string | undefined } | Failed;

const NONE: Authorization = { kind: "authorization", value: undefined };

/**
 * What the requests of one probe authenticate with, as Go's client and Prometheus' round trippers have it: a token
 * of `oauth2` takes the place of everything; else a header of the module's own wins, then the user in the URL, then
 * `basic_auth`, `authorization` or the bearer token. The module's own goes to no host it was not meant for
 * (docs/decisions/0018-credentials-over-redirects.md).
 */
export class Authorizer {
  readonly #attempt: Attempt;
  #ofModule: Authorization | undefined;

  constructor(attempt: Attempt) {
    this.#attempt = attempt;
  }

  /** Files are read, and a token is fetched, for the first request that needs them. @throws the signal's reason. */
  async valueFor(step: Step): Promise<Authorization> {
    const { http } = this.#attempt.request.module;
    const hasOwn = step.headers.some(([name]) => name.toLowerCase() === "authorization");
    const isToken = http.oauth2 !== undefined && step.isTrusted;
    if (!isToken) {
      if (hasOwn) return NONE;
      const { username, password } = step.url;
      if (username !== "" || password !== "") {
        return {
          kind: "authorization",
          value: basicValue(decodedUserinfo(username), decodedUserinfo(password)),
        };
      }
      if (!step.isTrusted) return NONE;
    }
    this.#ofModule ??= await ofModule(http, this.#attempt);
    return this.#ofModule;
  }

  /** The place did not accept what it was shown: a token that was kept is not shown again. */
  refused(): void {
    const { request, tools } = this.#attempt;
    if (request.module.http.oauth2 === undefined) return;
    if (this.#ofModule?.kind !== "authorization") return;
    tools.oauth2Tokens.forget(this.#ofModule.value);
  }
}

async function ofModule(options: HttpOptions, attempt: Attempt): Promise<Authorization> {
  if (options.oauth2 !== undefined) return await fetchToken(options.oauth2, options, attempt);
  // Most modules have none, and nothing is to be waited for then.
  if (!hasStatic(options)) return NONE;
  const { files } = attempt.tools;
  return await unlessAborted(staticValue(options, files), attempt.signal);
}

function hasStatic(options: HttpOptions): boolean {
  const {
    basic_auth: basic,
    authorization,
    bearer_token: token,
    bearer_token_file: file,
  } = options;
  return [basic, authorization, token, file].some((way) => way !== undefined);
}

async function staticValue(options: HttpOptions, files: FileCache): Promise<Authorization> {
  const { basic_auth: basic, authorization: other } = options;
  if (basic !== undefined) {
    const user = await secretOf("username_file", basic.username, basic.username_file, files);
    if (user.kind === "failed") return user;
    const password = await secretOf("password_file", basic.password, basic.password_file, files);
    if (password.kind === "failed") return password;
    return { kind: "authorization", value: basicValue(user.text, password.text) };
  }
  if (other !== undefined) {
    const { credentials, credentials_file: file } = other;
    const read = await secretOf("credentials_file", credentials, file, files);
    return read.kind === "failed" ? read : headerSafe(`${other.type} ${read.text}`);
  }
  const { bearer_token: token = "", bearer_token_file: file } = options;
  if (token === "" && file === undefined) return NONE;
  const read = await secretOf("bearer_token_file", token, file, files);
  return read.kind === "failed" ? read : headerSafe(`Bearer ${read.text}`);
}

function headerSafe(value: string): Authorization {
  if (isHeaderValue(value)) return { kind: "authorization", value };
  return failed(
    "credentials_file",
    "the credentials hold a line break or a character that no header can carry",
  );
}
