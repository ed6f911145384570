import * as z from "zod";
import { secret } from "../../runtime/secrets.ts";
import { filePath } from "../file-path.ts";
import { headerProblem } from "../http/request-headers.ts";

const MAX_HEADERS = 100;
const MAX_VALUES = 100;

/** Headers of the handshake itself. @see RFC 6455 section 4.1 */
const OF_THE_HANDSHAKE: ReadonlySet<string> = new Set([
  "connection",
  "upgrade",
  "content-length",
  "sec-websocket-key",
  "sec-websocket-version",
  "sec-websocket-accept",
]);
const EXTENSIONS = "sec-websocket-extensions";

/** A name of a subprotocol. @see RFC 6455 section 4.1, which asks for a token that comes once */
const PROTOCOL = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** One header with all its values; files are read at each probe, white space around what they hold is dropped. */
const header = z.strictObject({
  values: z.array(z.string()).max(MAX_VALUES).default([]),
  secrets: z.array(secret).max(MAX_VALUES).default([]),
  files: z.array(filePath).max(MAX_VALUES).default([]),
});
type HeaderValues = z.output<typeof header>;

/** The value alone, as blackbox_exporter's own example has it. */
const headerText = z
  .string()
  .transform((text): HeaderValues => ({ values: [text], secrets: [], files: [] }));

/** The `headers:` mapping: a text each, or the Prometheus family's form of headers. */
export const websocketHeaders = z
  .record(
    z.string(),
    z.union([headerText, header], {
      error: "expected the header's value, or a mapping such as {values: [a], files: [path]}",
    }),
  )
  .superRefine((headers, context) => {
    const names = Object.keys(headers);
    if (names.length > MAX_HEADERS) {
      context.addIssue({
        code: "custom",
        message: `has ${names.length} headers, at most ${MAX_HEADERS} are allowed`,
      });
    }
    const seen = new Set<string>();
    for (const name of names) {
      const lowerName = name.toLowerCase();
      const problem = seen.has(lowerName)
        ? `header ${name} is there twice (the case of letters makes no difference): put all values in one list`
        : problemOf(name, headers[name]);
      seen.add(lowerName);
      if (problem !== undefined)
        context.addIssue({ code: "custom", path: [name], message: problem });
    }
  });
type WebsocketHeaders = z.output<typeof websocketHeaders>;

function problemOf(
  name: string,
  { values, secrets, files }: WebsocketHeaders[string] = { values: [], secrets: [], files: [] },
): string | undefined {
  const lowerName = name.toLowerCase();
  if (OF_THE_HANDSHAKE.has(lowerName)) {
    return `header ${name} cannot be set: the handshake sends its own, remove this header`;
  }
  if (lowerName === EXTENSIONS) {
    return `header ${name} cannot be set: no extension is spoken, remove this header`;
  }
  if (lowerName === "host" && values.length + secrets.length + files.length > 1) {
    return `header ${name} has one value: remove the others`;
  }
  const problem = headerProblem(name, "");
  if (problem !== undefined) return problem;
  for (const value of [...values, ...secrets]) {
    const ofValue = headerProblem(name, value);
    if (ofValue !== undefined) return ofValue;
  }
  return lowerName === "sec-websocket-protocol"
    ? protocolProblem([...values, ...secrets])
    : undefined;
}

/** What the values of Sec-WebSocket-Protocol must not be. */
export function protocolProblem(values: readonly string[]): string | undefined {
  const names = protocolNames(values);
  const wrong = names.find((name, at) => !PROTOCOL.test(name) || names.indexOf(name) !== at);
  if (wrong === undefined) return undefined;
  return "header Sec-WebSocket-Protocol names a subprotocol twice, or one that is no word: write each once";
}

/** Subprotocols as the values of their header list them. */
export function protocolNames(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(",")).map((name) => name.trim());
}
