import * as z from "zod";
import { found } from "./found.ts";

const YES = ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON"] as const;
const NO = ["n", "N", "no", "No", "NO", "off", "Off", "OFF"] as const;

/**
 * The schema of a boolean. Prometheus' files also write `yes`, `no`, `on` and `off`; only where a
 * boolean is expected are these words read as one, so a label value `on` stays a text.
 */
export const flag = z
  .union([z.boolean(), z.enum([...YES, ...NO])], {
    error: (issue) => `expected true or false, found ${found(issue.input)}`,
  })
  .transform((value) => (typeof value === "boolean" ? value : /^(?:y|on)/i.test(value)));
