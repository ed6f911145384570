import * as z from "zod";
import { found } from "../../runtime/found.ts";

const COMPRESSIONS = ["", "identity", "gzip", "br", "deflate"] as const;

/** How the body of the answer must have been packed; "" and `identity`: taken as it comes. */
export type Compression = (typeof COMPRESSIONS)[number];

export type Packed = Exclude<Compression, "" | "identity">;

/** Whether a body has to be unpacked. */
export function isPacked(compression: Compression): compression is Packed {
  return compression !== "" && compression !== "identity";
}

function known(text: string): Compression | undefined {
  return COMPRESSIONS.find((name) => name === text.toLowerCase());
}

/** The key `compression`. */
export const compression = z
  .string({
    error: (issue) => `expected gzip, br, deflate or identity, found ${found(issue.input)}`,
  })
  .transform((text, context): Compression => {
    const name = known(text);
    if (name !== undefined) return name;
    context.addIssue({
      code: "custom",
      message: `${found(text)} is not known: write gzip, br, deflate or identity`,
    });
    return z.NEVER;
  });

/**
 * Whether a server that heeds this Accept-Encoding may answer in the compression: it is named, or `*` is,
 * with a weight above 0; of several the heaviest counts, as blackbox_exporter has it.
 *
 * @see RFC 9110 section 12.5.3
 */
export function isAcceptable(compression: Compression, acceptEncoding: string): boolean {
  if (compression === "" || acceptEncoding === "") return true;
  const codings = acceptEncoding.split(",").map((part) => {
    const at = part.lastIndexOf(";");
    const name = (at < 0 ? part : part.slice(0, at)).trim().toLowerCase();
    return { name, weight: at < 0 ? 1 : weightOf(part.slice(at + 1)) };
  });
  codings.sort((a, b) => b.weight - a.weight);
  const first = codings.find(({ name }) => name === compression || name === "*");
  return first !== undefined && first.weight > 0;
}

/** Three digits after the point count. What is no number weighs nothing. */
function weightOf(parameter: string): number {
  const weight = Number(parameter.trim().replace(/^q=/, ""));
  return Number.isNaN(weight) ? 0 : Math.round(weight * 1000) / 1000;
}
