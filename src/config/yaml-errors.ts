import type { YAMLError } from "yaml";

/**
 * What the YAML library found, as a sentence with a remedy. Nothing of the file is quoted but single
 * characters: the place may be inside a secret.
 */
export function yamlSentence(error: YAMLError): string {
  const { code, message } = error;
  switch (code) {
    case "TAB_AS_INDENT":
      return "a tab indents this line: YAML indents by spaces only";
    case "BAD_ALIAS":
      return '"*" begins an alias in YAML: put the text in quotes, as in "*.example.net"';
    case "BAD_SCALAR_START": {
      const character = message.at(-1) ?? "";
      return `a text may not begin with ${character}: put it in quotes`;
    }
    case "BAD_DQ_ESCAPE":
      return "this backslash is no escape that YAML knows: use single quotes, or write two backslashes";
    case "BAD_DIRECTIVE":
      return 'a line that begins with "%" is a YAML directive: remove it';
    case "MISSING_CHAR":
      if (message.includes("quote"))
        return "a quoted text that begins above is not closed: add its closing quote";
      return 'this line has no ":" after a key: write "key: value", or indent it as the lines above';
    case "MULTILINE_IMPLICIT_KEY":
      return 'this key does not end with ":" in its line: write "key: value", or correct the indentation';
    case "BLOCK_AS_IMPLICIT_KEY":
      return 'a second ": " in one value, or a line that is indented too far: put the value in quotes, or correct the indentation';
    case "BAD_INDENT":
      if (message.includes("end with a ]")) return '"[" is not closed: add "]"';
      if (message.includes("end with a }")) return '"{" is not closed: add "}"';
      return "the indentation does not fit the lines above: keys of one mapping and items of one list begin in the same column";
    case "UNEXPECTED_TOKEN":
      return "this does not belong here: check indentation, quotes and brackets of this line and the one above";
    case "BLOCK_IN_FLOW":
      return "a block list or mapping cannot stand inside brackets: write it with brackets too";
    case "MULTIPLE_ANCHORS":
    case "MULTIPLE_TAGS":
    case "BAD_PROP_ORDER":
    case "ALIAS_PROPS":
      return "a value has at most one anchor (&name), and an alias (*name) has none: remove one";
    case "BAD_COLLECTION_TYPE":
    case "TAG_RESOLVE_FAILED":
      return 'this tag (it begins with "!") is not known here: remove it, or put the text in quotes';
    case "KEY_OVER_1024_CHARS":
      return "a key is longer than 1024 characters: check the quotes and the colon of this line";
    case "DUPLICATE_KEY":
      return "this key is written twice: remove one of them";
    case "MULTIPLE_DOCS":
      return 'the file holds several documents: keep one and remove the "---" between them';
    case "NON_STRING_KEY":
      return "a key must be a text: put it in quotes";
    case "IMPOSSIBLE":
    case "RESOURCE_EXHAUSTION":
      return "this is no YAML that can be read: check indentation, quotes and brackets";
  }
}
