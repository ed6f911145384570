import * as z from "zod";
import { bytesOfText } from "../../runtime/binary-text.ts";
import { flag } from "../../runtime/flag.ts";
import { quote } from "../../runtime/found.ts";
import { regexp } from "../regexps.ts";

const MAX_STEPS = 1_000;
const MAX_LABELS = 30;
const MAX_LABEL_CHARACTERS = 1_024;
/** Most that one step sends, or expects to the byte. */
const MAX_STEP_BYTES = 2 ** 20;
/** The same of all steps; an alias of YAML could stand for one text a thousand times. */
const MAX_DIALOGUE_BYTES = 8 * 2 ** 20;

/** A text that is sent or compared as bytes. `!!binary` has come as `binary-text.ts` writes it. */
const bytesText = z
  .string({ error: "expected a text, or !!binary with base64" })
  .refine((text) => bytesOfText(text).length <= MAX_STEP_BYTES, {
    error: `may have at most ${MAX_STEP_BYTES} bytes`,
  });

const labelName = z
  .string({ error: "expected a label name, such as ssh_version" })
  .max(MAX_LABEL_CHARACTERS)
  .refine((name) => /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) && !name.startsWith("__"), {
    error: ({ input }) =>
      `name ${quote(String(input))} is no label name: begin with a letter or one "_", and write only letters, digits and "_"`,
  });

const label = z.strictObject({
  name: labelName,
  value: z.string().max(MAX_LABEL_CHARACTERS).default(""),
});

const step = z
  .strictObject({
    expect: regexp.optional(),
    /** Empty: none. */
    expect_bytes: bytesText.default(""),
    labels: z.array(label).max(MAX_LABELS).optional(),
    /** Empty: none. A line feed is sent after it. */
    send: bytesText.default(""),
    starttls: flag.default(false),
  })
  .superRefine((options, context) => {
    const problem = (key: string, message: string): void => {
      context.addIssue({ code: "custom", path: [key], message, params: { aspect: "key" } });
    };
    if (options.expect !== undefined && options.expect_bytes !== "") {
      problem("expect_bytes", "expect and expect_bytes exclude each other: keep one");
    }
    const { labels = [] } = options;
    if (labels.length > 0 && options.expect === undefined) {
      problem("labels", "labels are filled from what expect matches: write expect beside them");
    }
    for (const [at, { name }] of labels.entries()) {
      if (labels.findIndex((other) => other.name === name) === at) continue;
      context.addIssue({
        code: "custom",
        path: ["labels", at, "name"],
        message: `name ${quote(name)} is there twice: choose another`,
      });
    }
  });

/** One entry of `query_response:`; what it does is done in the order of its keys here. */
export type DialogueStep = z.output<typeof step>;

/** The `query_response:` list of a module: blackbox_exporter's keys. Plain data; regexps stay texts. */
export const dialogueSteps = z
  .array(step)
  .max(MAX_STEPS)
  .refine((steps) => bytesOf(steps) <= MAX_DIALOGUE_BYTES, {
    error: `send and expect_bytes of all steps may have at most ${MAX_DIALOGUE_BYTES} bytes together`,
  });

function bytesOf(steps: readonly DialogueStep[]): number {
  return steps.reduce(
    (sum, { send, expect_bytes: bytes }) =>
      sum + bytesOfText(send).length + bytesOfText(bytes).length,
    0,
  );
}

/** What holds between a dialogue and `tls`; to be called where a block has both. */
export function checkStartTls(
  options: { readonly tls: boolean; readonly query_response: readonly DialogueStep[] },
  context: z.core.$RefinementCtx,
): void {
  let isTls = options.tls;
  for (const [at, { starttls }] of options.query_response.entries()) {
    if (starttls && isTls) {
      context.addIssue({
        code: "custom",
        path: ["query_response", at, "starttls"],
        message: "starttls: TLS is spoken by then already: remove it",
        params: { aspect: "key" },
      });
      return;
    }
    isTls ||= starttls;
  }
}
