import { type Failed, failed } from "../failure.ts";
import type { Token } from "./oauth2-tokens.ts";
import { HTTP_TOKEN } from "./request-headers.ts";

const MAX_TOKEN_CHARACTERS = 64 * 1024;
/** Longer than any token lives. */
const MAX_LIFETIME_SECONDS = 2 ** 31;

/** What a token server said. */
export type TokenAnswer = {
  readonly kind: "answer";
  readonly statusCode: number;
  readonly contentType: string;
  readonly text: string;
};

/** Fields of an answer, of whatever type they were written. */
type Fields = Readonly<Record<string, unknown>>;

/**
 * The token in a token server's answer: JSON, or a form where its Content-Type says so, as Go's oauth2 reads it.
 *
 * What it says of an error is told only where it is one of the short names that RFC 6749 section 5.2 has: a text of
 * the server's own may repeat the secret.
 */
export function parseToken(answer: TokenAnswer): Token | Failed {
  const fields = fieldsOf(answer);
  const { statusCode } = answer;
  const isGood = statusCode >= 200 && statusCode < 300;
  const error = fields?.["error"];
  if (!isGood || (error !== undefined && error !== "" && error !== null)) {
    const isName = typeof error === "string" && /^(?:[a-z]+_)+[a-z]+$/.test(error);
    const said = isName ? ` and the error ${error.slice(0, 60)}` : "";
    return failed("oauth2_token", `it answers with status ${statusCode}${said}`);
  }
  if (fields === undefined) return failed("oauth2_token", "its answer is no JSON");
  const { access_token: token, token_type: type, expires_in: lifetime } = fields;
  if (typeof token !== "string" || token === "") {
    return failed("oauth2_token", "its answer has no access_token");
  }
  const shownType = typeName(type);
  if (!/^[\x21-\x7e]+$/.test(token) || token.length > MAX_TOKEN_CHARACTERS) {
    return failed("oauth2_token", "its access_token is one that no header can carry");
  }
  if (shownType === undefined) {
    return failed("oauth2_token", "its token_type is one that no header can carry");
  }
  return {
    kind: "token",
    value: `${shownType} ${token}`,
    lifetimeSeconds: lifetimeOf(lifetime),
  };
}

/** @returns undefined for what is no mapping. */
function fieldsOf({ contentType, text }: TokenAnswer): Fields | undefined {
  const [media = ""] = contentType.split(";", 1);
  switch (media.trim().toLowerCase()) {
    case "application/x-www-form-urlencoded":
    case "text/plain":
      return Object.fromEntries(new URLSearchParams(text));
  }
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}

/** The usual names in the usual spelling, for servers that look at it. */
function typeName(type: unknown): string | undefined {
  const text = typeof type === "string" && type !== "" ? type : "Bearer";
  switch (text.toLowerCase()) {
    case "bearer":
      return "Bearer";
    case "basic":
      return "Basic";
    case "mac":
      return "MAC";
  }
  return text.length <= 100 && HTTP_TOKEN.test(text) ? text : undefined;
}

/** Some servers write the number as a text. */
function lifetimeOf(lifetime: unknown): number | undefined {
  const seconds = typeof lifetime === "string" ? Number(lifetime) : lifetime;
  if (typeof seconds !== "number" || !Number.isFinite(seconds) || seconds === 0) return undefined;
  return Math.min(Math.trunc(seconds), MAX_LIFETIME_SECONDS);
}
