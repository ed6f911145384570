/** One request as it is written to the wire. */
export type WireRequest = {
  readonly method: string;
  /** Path with query, beginning with `/`. */
  readonly path: string;
  /** Value of `Host`, or `:authority`. */
  readonly host: string;
  /** Without Host, Content-Length and whatever belongs to the connection. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Undefined: none; an empty one counts as none. */
  readonly body: Buffer | undefined;
};

/** The head of a final answer (status 200 or above). */
export type ResponseHead = {
  readonly statusCode: number;
  /** 1.0, 1.1 or 2. */
  readonly httpVersion: number;
  /** As announced; −1 when it was not. */
  readonly contentLengthBytes: number;
  /** By lower-case name, in the order they came. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
};

/** Takes an answer as it comes. Each says whether to go on; on false the connection is dropped. */
export type ResponseSink = {
  readonly onHead: (head: ResponseHead) => boolean;
  readonly onData: (chunk: Buffer) => boolean;
};

/** Largest head of an answer, in bytes. */
export const MAX_HEAD_BYTES = 256 * 1024;

/** Node's and undici's parsed headers with every value in a list. */
export function headerLists(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Map<string, readonly string[]> {
  const lists = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(":")) continue;
    lists.set(name.toLowerCase(), typeof value === "string" ? [value] : value);
  }
  return lists;
}

/** Whether an answer has no body whatever its headers say. @see RFC 9110 section 6.4.1 */
export function hasNoBody(method: string, statusCode: number): boolean {
  return method === "HEAD" || statusCode === 204 || statusCode === 304;
}

/** What Content-Length announces; −1 for none, or for one that is no single number. */
export function announcedLength(headers: ReadonlyMap<string, readonly string[]>): number {
  const [text, another] = headers.get("content-length") ?? [];
  if (text === undefined || (another !== undefined && another !== text)) return -1;
  return /^\d{1,15}$/.test(text) ? Number(text) : -1;
}
