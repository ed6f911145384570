import { Document, visit } from "yaml";

/** Characters that YAML wants as escapes (YAML 1.2 section 5.1), and halves of surrogate pairs. */
const UNPRINTABLE = /[\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff\p{Cs}]/u;
const EVERY_UNPRINTABLE = new RegExp(UNPRINTABLE, "gu");

/**
 * Plain data as YAML in block style that old and new readers understand alike: `yes` as a text is in
 * quotes. Every text comes back as it was.
 */
export function yamlText(value: unknown): string {
  const document = new Document(value, { version: "1.1", aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === "string" && UNPRINTABLE.test(node.value))
        node.type = "QUOTE_DOUBLE";
    },
  });
  return escaped(document.toString({ lineWidth: 0 }));
}

/** One text in double quotes. A JSON text is a YAML text (YAML 1.2 section 1.3). */
export function quotedText(text: string): string {
  return escaped(JSON.stringify(text));
}

/** Only double-quoted texts hold any. */
function escaped(text: string): string {
  return text.replace(EVERY_UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, "0");
    return `\\u${code}`;
  });
}
