import * as z from "zod";

/** The schema of a path to a file that is read later; a relative one starts at the working directory. */
export const filePath = z
  .string({ error: "expected the path of a file" })
  .min(1, { error: "must not be empty: write the path of a file or leave the key out" })
  .max(4096, { error: "a path may have at most 4096 characters" })
  .refine((path) => !path.includes("\0"), { error: "a path must not hold a NUL character" });
