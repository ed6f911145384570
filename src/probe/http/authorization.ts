import type { Attempt } from "../attempt.ts";
import { unlessAborted } from "../deadline.ts";
import {
  type Authorization,
  basicValue,
  decodedUserinfo,
  writtenAuthorization,
} from "./http-credentials.ts";
import type { HttpOptions } from "./http-options.ts";
import { fetchToken } from "./oauth2.ts";
import type { Step } from "./redirects.ts";

const NONE: Authorization = { kind: "authorization", value: undefined };

/**
 * What the requests of one probe authenticate with, as Go's client and Prometheus' round trippers have it: a token
 * of `oauth2` takes the place of everything; else a header of the module's own wins, then the user in the URL, then
 * `basic_auth` or `authorization`, of which a bearer token is one. The module's own goes to no host it was not meant for
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
  if (options.basic_auth === undefined && options.authorization === undefined) return NONE;
  return await unlessAborted(writtenAuthorization(options, attempt.tools.files), attempt.signal);
}
