import { isScalar, parseDocument, visit } from "yaml";

/** Keys below which a value is a secret, where Sounder reads `${NAME}` as an environment variable. */
const SECRET_KEYS: ReadonlySet<string> = new Set([
  "password",
  "credentials",
  "bearer_token",
  "client_secret",
  "secrets",
  "metadata",
  "key",
]);

export type Escaped = {
  readonly text: string;
  /** How many values were changed. */
  readonly count: number;
};

/**
 * A blackbox_exporter file in whose secrets `${` is written `$${`: there it is two characters like any others, here it
 * would begin an environment variable. In other values, as in `send: PONG ${1}`, it means the same in both.
 *
 * @param text As `readYaml` read it without complaint, so that its nesting is bounded.
 */
export function escapeVariables(text: string): Escaped {
  if (!text.includes("${")) return { text, count: 0 };
  const spans: (readonly [start: number, end: number])[] = [];
  const document = parseDocument(text, {
    schema: "core",
    merge: false,
    resolveKnownTags: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: "silent",
  });
  visit(document, {
    Pair: (_key, pair) => {
      if (!isScalar(pair.key) || !SECRET_KEYS.has(String(pair.key.value))) return undefined;
      visit(pair.value as Parameters<typeof visit>[0], {
        Scalar: (where, scalar) => {
          if (where === "key" || scalar.range === undefined || scalar.range === null) return;
          if (String(scalar.source).includes("${")) spans.push([scalar.range[0], scalar.range[1]]);
        },
      });
      return visit.SKIP;
    },
  });
  let escaped = text;
  for (const [start, end] of spans.toSorted(([a], [b]) => b - a)) {
    const value = escaped.slice(start, end).replaceAll("${", "$$${");
    escaped = escaped.slice(0, start) + value + escaped.slice(end);
  }
  return { text: escaped, count: spans.length };
}
