import type * as z from "zod";
import { findingsOf } from "./messages.ts";
import { type Place, placeOf } from "./place.ts";

/** Each round may bring to light what an earlier problem hid; a file has few such layers. */
const MAX_ROUNDS = 8;

/**
 * Findings of a value against a schema, after two readings that Prometheus' own files rely on because
 * Go's YAML library decodes into typed fields:
 *
 * - a key without a value (`http:`) is as if it were not written, unless that key is the module itself;
 * - where a module or a label expects a text, `1.10`, `0123` and `true` are the text as written.
 *
 * `value` is changed in place. Only what the schema complained about is looked at, so an unknown key
 * without a value stays a problem.
 */
export function findingsAsGoReads<S extends z.ZodType>(schema: S, value: unknown, place: Place) {
  let result = findingsOf(schema, value);
  for (let round = 0; round < MAX_ROUNDS && !result.ok; round += 1) {
    const repaired = result.issues.filter((issue) => repair(issue, value, place));
    if (repaired.length === 0) break;
    result = findingsOf(schema, value);
  }
  return result;
}

function repair(issue: z.core.$ZodIssue, root: unknown, place: Place): boolean {
  const key = issue.path.at(-1);
  const parent = valueAt(root, issue.path.slice(0, -1));
  if (typeof key !== "string" || !isMapping(parent) || !Object.hasOwn(parent, key)) return false;
  const value = parent[key];
  if (value === null) {
    const isModule = issue.path.length === 2 && issue.path[0] === "modules";
    return !isModule && Reflect.deleteProperty(parent, key);
  }
  const expectsText = issue.code === "invalid_type" && issue.expected === "string";
  const isPlainText = issue.path[0] === "modules" || issue.path.includes("labels");
  const isScalar = typeof value === "number" || typeof value === "boolean";
  const { source } = placeOf(place, issue.path).place;
  if (!expectsText || !isPlainText || !isScalar || source === undefined) return false;
  parent[key] = source;
  return true;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
