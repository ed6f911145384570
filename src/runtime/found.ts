/** Longest text quoted in a message; what an operator pasted must not fill the terminal. */
const MAX_QUOTED_CHARACTERS = 60;

/** A value of a configuration file in words, for messages: `the text "abc"`, `a list`, `nothing`. */
export function found(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "string") return value === "" ? "an empty text" : `the text ${quote(value)}`;
  if (typeof value === "number" || typeof value === "bigint") return `the number ${value}`;
  if (typeof value === "boolean") return `the boolean ${value}`;
  return Array.isArray(value) ? "a list" : "a mapping";
}

/** A text in double quotes, control characters escaped, cut where it gets long. */
export function quote(text: string): string {
  const cut = text.length > MAX_QUOTED_CHARACTERS;
  return JSON.stringify(cut ? `${text.slice(0, MAX_QUOTED_CHARACTERS)}…` : text);
}
