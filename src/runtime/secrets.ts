import * as z from "zod";

/** Longest secret, in bytes, before and after its variables are put in. */
export const MAX_SECRET_BYTES = 64 * 1024;

/** What stands in place of a secret wherever a configuration is shown, as in the Prometheus family. */
export const HIDDEN_SECRET = "<secret>";

export type Environment = Readonly<Record<string, string | undefined>>;

export type Expanded =
  | { readonly kind: "expanded"; readonly text: string }
  /** `problem` names variables, never the text around them. */
  | { readonly kind: "failed"; readonly problem: string };

/** `$${` is a literal `${`; `${NAME}` a variable; any other `${` is malformed. */
const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\{/g;

/** Puts environment variables into a text that holds `${NAME}`. A lone `$` stays as it is. */
export function expandSecret(text: string, environment: Environment): Expanded {
  const problems: string[] = [];
  let lengthBytes = Buffer.byteLength(text);
  const expanded = text.replace(REFERENCE, (reference: string, name: string | undefined) => {
    if (reference === "$${") return "${";
    if (name === undefined) {
      problems.push('"${" begins a variable: write ${NAME}, or $${ for a literal "${"');
      return "";
    }
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (value === undefined) {
      problems.push(
        `environment variable ${name} is not set: set it for the agent, or write $\${${name}} for the literal text`,
      );
      return "";
    }
    lengthBytes += Buffer.byteLength(value);
    // A text of many references to one long variable must not be built first and refused later.
    return lengthBytes > MAX_SECRET_BYTES ? "" : value;
  });
  if (lengthBytes > MAX_SECRET_BYTES) {
    problems.push(
      `a secret may have at most ${MAX_SECRET_BYTES} bytes: use the key that ends in _file`,
    );
  }
  const [problem] = problems;
  if (problem !== undefined) return { kind: "failed", problem: [...new Set(problems)].join("; ") };
  return { kind: "expanded", text: expanded };
}

/**
 * The schema of a secret in the file: a text in which `${NAME}` is a variable of `environment`.
 * Its messages never hold the text. In the JSON Schema it is marked `writeOnly`.
 */
export function secretFrom(environment: Environment) {
  return z
    .string({ error: "expected a secret as one text: write it in quotes" })
    .meta({ writeOnly: true })
    .transform((text, context) => {
      const expanded = expandSecret(text, environment);
      if (expanded.kind === "expanded") return expanded.text;
      context.addIssue({ code: "custom", message: expanded.problem });
      return z.NEVER;
    });
}

/** A secret with the variables the agent was started with. */
export const secret = secretFrom(process.env);

/**
 * What a proxy or token server is reached with: the password in a URL (RFC 3986 section 3.2.1), whose scheme may be
 * left out in a target.
 */
const URL_PASSWORD = /^([a-z][a-z0-9+.-]*:\/\/[^/?#@:]*|[^/?#@:[\]]*):(?!\/\/)[^/?#]*@/i;
/** A URL stays one that loads; Go's URLs are shown so too. */
const HIDDEN_URL_PASSWORD = "$1:xxxxx@";

/** A text in which a URL's password is hidden, as a target on demand may have one. */
export function withoutPassword(text: string): string {
  return text.replace(URL_PASSWORD, HIDDEN_URL_PASSWORD);
}
