import { quote } from "../runtime/found.ts";

/**
 * The escapes of URLs as Go's net/url reads and writes them. Every text here has a byte a character (ISO 8859-1), for
 * Go's texts are bytes too.
 */

const ESCAPE = /%([0-9A-Fa-f]{2})/g;
const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2}).{0,2}/s;
/** What may stand in a path as it is; anything else in it makes Go write the whole path anew. */
const VALID_PATH = /^[A-Za-z0-9\-_.~$&+,/:;=@!'()*[\]%]*$/;
/** What Go then writes as it is. */
const TO_BE_ESCAPED = /[^A-Za-z0-9\-_.~$&+,/:;=@]/g;

/** The first escape that is none, `%zz`; undefined when all are. */
export function badEscape(text: string): string | undefined {
  return text.includes("%") ? BAD_ESCAPE.exec(text)?.[0] : undefined;
}

/** The bytes that a text with well-formed escapes stands for. */
export function unescaped(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(ESCAPE, (_escape, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/**
 * A path as Go sends it: as it is written, unless a character in it may not be there. Then what is escaped without need
 * loses its escapes on the way, `%2F` too.
 *
 * @param path Its escapes are well-formed.
 */
export function sentPath(path: string): string {
  if (VALID_PATH.test(path)) return path;
  return unescaped(path).replace(TO_BE_ESCAPED, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  });
}

/** A text with a byte a character, from one with what Unicode calls characters. */
export function asBytes(text: string): string {
  return /^\p{ASCII}*$/u.test(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** Such a text in quotes, for a sentence. */
export function shown(bytes: string): string {
  return quote(Buffer.from(bytes, "latin1").toString("utf8"));
}
