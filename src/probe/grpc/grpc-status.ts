/** Codes of calls and where a client gives them by itself. @see gRPC: statuscodes.md, PROTOCOL-HTTP2.md */

export const GRPC_CODE = {
  ok: 0,
  unknown: 2,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  internal: 13,
  unavailable: 14,
} as const;

const NAMES: readonly string[] = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

/** As people know it: `NOT_FOUND (5)`. */
export function statusText(code: number): string {
  return `${NAMES[code] ?? "an unknown status"} (${code})`;
}

/** What an answer that is not gRPC is worth. @see gRPC: http-grpc-status-mapping.md */
const CODE_OF_HTTP_STATUS: ReadonlyMap<number, number> = new Map([
  [400, GRPC_CODE.internal],
  [401, 16],
  [403, 7],
  [404, 12],
  [429, GRPC_CODE.unavailable],
  [502, GRPC_CODE.unavailable],
  [503, GRPC_CODE.unavailable],
  [504, GRPC_CODE.unavailable],
]);

export function codeOfHttpStatus(statusCode: number): number {
  return CODE_OF_HTTP_STATUS.get(statusCode) ?? GRPC_CODE.unknown;
}

/** What RST_STREAM with such an error code is worth. @see gRPC: PROTOCOL-HTTP2.md, "Errors" */
const CODE_OF_RESET: ReadonlyMap<number, number> = new Map([
  [0x3, GRPC_CODE.resourceExhausted],
  [0x7, GRPC_CODE.unavailable],
  [0x8, 1],
  [0xb, GRPC_CODE.resourceExhausted],
  [0xc, 7],
]);

export function codeOfReset(resetCode: number): number {
  return CODE_OF_RESET.get(resetCode) ?? GRPC_CODE.internal;
}

/** The header `grpc-status`; undefined for a text that is none. */
export function parseStatus(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** Longest part of a message looked at, and shown; a server may write a whole stack. */
const MAX_MESSAGE_CHARACTERS = 1024;
const MAX_SHOWN_CHARACTERS = 200;

/**
 * The header `grpc-message`, for a person: percent-decoded, in one line, cut where it gets long.
 *
 * What is no escape stays as it is, and bytes that are no UTF-8 become U+FFFD.
 */
export function messageText(value: string): string {
  const cut = value.slice(0, MAX_MESSAGE_CHARACTERS);
  const bytes = cut.replace(/%([0-9A-Fa-f]{2})/g, (_escape, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const text = Buffer.from(bytes, "latin1").toString("utf8");
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").slice(0, MAX_SHOWN_CHARACTERS);
}
