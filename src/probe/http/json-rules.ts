import type { CelExpressions } from "../cel/cel.ts";
import { type Failed, failed } from "../failure.ts";
import type { HttpOptions } from "./http-options.ts";

/**
 * Largest body that is read as JSON. Parsed it takes twenty times as much for a moment, and the thread makes
 * no other probe meanwhile.
 */
export const MAX_JSON_BYTES = 4 * 2 ** 20;
/** As deep as Go's encoding/json goes; each level of a comparison is a call of ours. */
const MAX_DEPTH = 10_000;

export type JsonOptions = Pick<
  HttpOptions,
  "fail_if_body_json_matches_cel" | "fail_if_body_json_not_matches_cel"
>;

export function hasJsonRule(options: JsonOptions): boolean {
  return (
    options.fail_if_body_json_matches_cel !== undefined ||
    options.fail_if_body_json_not_matches_cel !== undefined
  );
}

/**
 * Applies the rules in CEL to a body: it must be JSON, and each expression must say true or false of it.
 */
export function jsonRuleFailure(
  bytes: Buffer,
  options: JsonOptions,
  expressions: CelExpressions,
): Failed | undefined {
  if (bytes.length > MAX_JSON_BYTES) {
    const why = `the body is longer than the ${MAX_JSON_BYTES} bytes that are read as JSON`;
    return failed("body_too_large", why);
  }
  const parsed = parseJson(bytes.toString("utf8"));
  if (parsed.kind === "failed") return parsed;
  for (const [expression, isTrueWanted] of [
    [options.fail_if_body_json_matches_cel, false],
    [options.fail_if_body_json_not_matches_cel, true],
  ] as const) {
    if (expression === undefined) continue;
    const shown = expression.length > 100 ? `${expression.slice(0, 100)}…` : expression;
    const verdict = expressions.evaluate(expression, parsed.body);
    if (verdict.kind === "failed") {
      return failed("body_json", `the expression ${shown} cannot be applied: ${verdict.detail}`);
    }
    if (verdict.isTrue !== isTrueWanted) {
      const verb = isTrueWanted ? "does not match" : "matches";
      return failed("body_mismatch", `the body ${verb} the expression ${shown}`);
    }
  }
  return undefined;
}

function parseJson(text: string): { readonly kind: "parsed"; readonly body: unknown } | Failed {
  if (isTooDeep(text)) return failed("body_json", `the body nests deeper than ${MAX_DEPTH} levels`);
  try {
    return { kind: "parsed", body: JSON.parse(text) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return failed("body_json", "the body is not JSON");
  }
}

/** Looked at before parsing: the parser takes any depth, and what it makes would be gone through level by level. */
function isTooDeep(text: string): boolean {
  if (text.length <= MAX_DEPTH) return false;
  let depth = 0;
  let isInText = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (isInText) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) isInText = false;
    } else if (code === 0x22) isInText = true;
    else if (code === 0x5b || code === 0x7b) depth += 1;
    else if (code === 0x5d || code === 0x7d) depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}
