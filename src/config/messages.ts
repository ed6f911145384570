import * as z from "zod";
import { found, quote } from "../runtime/found.ts";
import { isKeyNotYet } from "./not-yet.ts";
import { nearest, orList } from "./suggest.ts";

/** One thing a schema or a check found wrong, not yet placed in the file. */
export type Finding = {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly aspect: "value" | "key" | "missing";
};

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;

/** Keys whose values are never quoted, whatever is wrong with them. */
const SECRET_KEY =
  /^(?:password|credentials|bearer_token|client_secret|secrets?|basic_auth|authorization|headers|http_headers|metadata|tls_config|key)$/;

/** What zod calls the types, in the words of a YAML file. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a mapping",
  record: "a mapping",
  array: "a list",
  null: "nothing",
};

/**
 * Problems of a value against a schema, in our words.
 *
 * The allowed keys of a refused mapping are noted while zod words its issues, because an issue itself
 * does not know its schema.
 */
export function findingsOf<S extends z.ZodType>(
  schema: S,
  value: unknown,
):
  | { readonly ok: true; readonly value: z.output<S> }
  | {
      readonly ok: false;
      readonly findings: readonly Finding[];
      readonly issues: readonly Issue[];
    } {
  const shapes = new WeakMap<object, z.core.$ZodShape>();
  const parsed = schema.safeParse(value, {
    reportInput: true,
    error: (issue) => {
      if (issue.code === "unrecognized_keys" && issue.inst instanceof z.ZodObject) {
        shapes.set(issue.keys, issue.inst.shape);
      }
      return sentence(issue);
    },
  });
  if (parsed.success) return { ok: true, value: parsed.data };
  const issues = withoutEchoes(parsed.error.issues.flatMap((issue) => unwrapped(issue, [])));
  return { ok: false, issues, findings: issues.flatMap((issue) => findings(issue, shapes)) };
}

/** The issues of that branch of a union whose type fits the value; the union's own if none does. */
function unwrapped(issue: Issue, above: readonly PropertyKey[]): readonly Issue[] {
  const path = [...above, ...issue.path];
  if (issue.code === "invalid_union") {
    const fitting = issue.errors.filter(
      (errors) =>
        !errors.some(
          ({ code, path: at }) =>
            at.length === 0 && (code === "invalid_type" || code === "invalid_value"),
        ),
    );
    const [branch] = fitting;
    if (fitting.length === 1 && branch !== undefined) {
      return branch.flatMap((inner) => unwrapped(inner, path));
    }
  }
  return [{ ...issue, path }];
}

/**
 * Without what a schema says of a whole mapping that has an unknown key: what was meant by the key may
 * be just what is missing.
 */
function withoutEchoes(issues: readonly Issue[]): readonly Issue[] {
  const unclear = new Set(
    issues
      .filter(({ code }) => code === "unrecognized_keys")
      .map(({ path }) => JSON.stringify(path)),
  );
  if (unclear.size === 0) return issues;
  return issues.filter(({ code, path }) => code !== "custom" || !unclear.has(JSON.stringify(path)));
}

function findings(issue: Issue, shapes: WeakMap<object, z.core.$ZodShape>): readonly Finding[] {
  if (issue.code === "unrecognized_keys") {
    const shape = shapes.get(issue.keys) ?? {};
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      aspect: "key",
      message: unknownKey(issue.path, key, shape),
    }));
  }
  if (issue.code === "invalid_key") {
    const name = quote(String(issue.path.at(-1)));
    const message = `the name ${name} ${issue.issues[0]?.message ?? issue.message}`;
    return [{ path: issue.path, aspect: "key", message: named(issue.path.slice(0, -1), message) }];
  }
  if (issue.code === "custom" && issue.params?.["aspect"] === "key") {
    return [{ path: issue.path, aspect: "key", message: issue.message }];
  }
  const isMissing = issue.code !== "custom" && issue.input === undefined;
  const key = String(issue.path.at(-1) ?? "");
  if (isMissing && key !== "") {
    const expected = issue.message.replace(/, found nothing$/, "");
    return [
      { path: issue.path, aspect: "missing", message: `${quote(key)} is missing: ${expected}` },
    ];
  }
  return [{ path: issue.path, aspect: "value", message: named(issue.path, issue.message) }];
}

/** Says which key a sentence is about, unless it says so itself. */
export function named(path: readonly PropertyKey[], message: string): string {
  const at = path.findLastIndex((key) => typeof key === "string");
  const name = path
    .slice(Math.max(0, at))
    .map((key, index) => (index === 0 ? String(key) : `[${String(key)}]`));
  const key = name[0] ?? "";
  if (at < 0 || message.includes(`"${key}"`) || message.startsWith(`${key} `)) return message;
  return `${name.join("")}: ${message}`;
}

function unknownKey(parent: readonly PropertyKey[], key: string, shape: z.core.$ZodShape): string {
  if (isKeyNotYet(parent, key)) {
    return `${quote(key)} is not supported yet: remove it for now`;
  }
  const known = Object.keys(shape);
  const near = nearest(key, known);
  if (near !== undefined) return `unknown key ${quote(key)}: did you mean "${near}"?`;
  const block = known.find((name) => Object.hasOwn(shapeOf(shape[name]), key));
  if (block !== undefined) return `unknown key ${quote(key)} here: write it under "${block}"`;
  return `unknown key ${quote(key)}: allowed here are ${known.join(", ")}`;
}

/** The keys of a block behind its default; empty for what is no block. */
function shapeOf(schema: unknown): z.core.$ZodShape {
  if (schema instanceof z.ZodObject) return schema.shape;
  if (
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodOptional
  ) {
    return shapeOf(schema.unwrap());
  }
  if (schema instanceof z.ZodPipe) return shapeOf(schema.in);
  return {};
}

function sentence(issue: RawIssue): string {
  const path = issue.path ?? [];
  const isHidden = path.some((key) => SECRET_KEY.test(String(key)));
  const seen = isHidden ? kindOf(issue.input) : found(issue.input);
  switch (issue.code) {
    case "invalid_type":
      return `expected ${TYPE_NAMES[issue.expected] ?? issue.expected}, found ${seen}${isHidden ? "" : remedy(issue.expected, issue.input)}`;
    case "invalid_value":
      return invalidValue(issue.values.map(String), issue.input, seen);
    case "too_big":
    case "too_small":
      return outOfBounds(issue);
    case "invalid_union":
      return `expected ${orList(unionTypes(issue.errors))}, found ${seen}`;
    case "unrecognized_keys":
    case "invalid_key":
    case "invalid_element":
    case "invalid_format":
    case "not_multiple_of":
    case "custom":
    default:
      return issue.message ?? `${seen} is not valid here`;
  }
}

function remedy(expected: string, input: unknown): string {
  if (expected === "string" && (typeof input === "number" || typeof input === "boolean")) {
    return `: write it in quotes`;
  }
  if (expected === "array" && (typeof input === "string" || typeof input === "number")) {
    return `: write [${String(input).length > 20 ? "…" : String(input)}]`;
  }
  if (expected === "int" && typeof input === "number") return ": write it without a fraction";
  return "";
}

function invalidValue(allowed: readonly string[], input: unknown, seen: string): string {
  if (input === undefined) return `write ${orList(allowed)}`;
  const written = seen.replace(/^the text (?=")/, "");
  return `${written} is not known: write ${orList(allowed)}`;
}

function outOfBounds(
  issue: z.core.$ZodRawIssue<z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall>,
): string {
  const isBig = issue.code === "too_big";
  const bound = String(isBig ? issue.maximum : issue.minimum);
  const limit = `${isBig ? "at most" : "at least"} ${bound}`;
  const { input } = issue;
  if (Array.isArray(input))
    return `must have ${limit} ${bound === "1" ? "entry" : "entries"}, has ${input.length}`;
  if (typeof input === "string") {
    if (input === "") return "must not be empty";
    return `must have ${limit} characters, has ${input.length}`;
  }
  if (typeof input === "object") return `must have ${limit} entries`;
  const isExclusive = issue.inclusive === false;
  return `must be ${isExclusive ? (isBig ? `less than ${bound}` : `more than ${bound}`) : limit}, found ${typeof input === "number" ? input : found(input)}`;
}

function unionTypes(errors: readonly (readonly Issue[])[]): string[] {
  const names = errors.map(([first]) => {
    if (first?.code === "invalid_type") return TYPE_NAMES[first.expected] ?? first.expected;
    if (first?.code === "invalid_value") return first.values.map(String).join(", ");
    return "another value";
  });
  return [...new Set(names)];
}

function kindOf(value: unknown): string {
  return typeof value === "string"
    ? "a text"
    : typeof value === "number"
      ? "a number"
      : found(value);
}
