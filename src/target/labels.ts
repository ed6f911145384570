import * as z from "zod";
import { quote } from "../runtime/found.ts";

/** Label names to values, as a target, a group or the defaults give them. */
export type Labels = Readonly<Record<string, string>>;

/** Names the program's own series use; `__…` is reserved as well. */
export const RESERVED_LABEL_NAMES: ReadonlySet<string> = new Set([
  "target",
  "module",
  "group",
  "address",
  "family",
  "phase",
  "reason",
  "le",
  "quantile",
]);

export const MAX_LABELS = 30;
export const MAX_LABEL_NAME_BYTES = 128;
export const MAX_LABEL_VALUE_BYTES = 1024;

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** What is wrong with a label name, as one sentence; undefined when nothing is. */
export function labelNameProblem(name: string): string | undefined {
  if (RESERVED_LABEL_NAMES.has(name)) {
    return `label name "${name}" is reserved for Sounder's own labels: choose another`;
  }
  if (name.startsWith("__")) {
    return `label name ${quote(name)} begins with "__", which Prometheus keeps for itself: choose another`;
  }
  if (Buffer.byteLength(name) > MAX_LABEL_NAME_BYTES) {
    return `label name ${quote(name)} is longer than ${MAX_LABEL_NAME_BYTES} bytes`;
  }
  if (!LABEL_NAME.test(name)) {
    return `label name ${quote(name)} must begin with a letter or "_" and hold only letters, digits and "_"`;
  }
  return undefined;
}

/** The `labels:` block. The parser hands numbers and booleans over as the text they were written as. */
export const labelsOptions = z
  .record(z.string(), z.string())
  .superRefine((labels, context) => {
    const names = Object.keys(labels);
    if (names.length > MAX_LABELS) {
      context.addIssue({
        code: "custom",
        message: `has ${names.length} labels, at most ${MAX_LABELS} are allowed`,
      });
    }
    for (const name of names) {
      const problem = labelNameProblem(name);
      if (problem !== undefined) {
        // The key is what has to change, so that is where a reader of the file is sent.
        context.addIssue({
          code: "custom",
          path: [name],
          message: problem,
          params: { aspect: "key" },
        });
      }
      if (Buffer.byteLength(labels[name] ?? "") > MAX_LABEL_VALUE_BYTES) {
        context.addIssue({
          code: "custom",
          path: [name],
          message: `value of label ${quote(name)} is longer than ${MAX_LABEL_VALUE_BYTES} bytes`,
        });
      }
    }
  })
  .transform((labels): Labels => labels);
