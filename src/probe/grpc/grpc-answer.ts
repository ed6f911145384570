import type { ResponseHead } from "../exchange.ts";
import { StreamResetError } from "../http2/http2-errors.ts";
import type { Http2Sink } from "../http2/http2-request.ts";
import { MessageCollector } from "./grpc-message.ts";
import {
  codeOfHttpStatus,
  codeOfReset,
  GRPC_CODE,
  messageText,
  parseStatus,
} from "./grpc-status.ts";

type Headers = ResponseHead["headers"];

/** How a call ended. `code` is its status: the server's, or the one that every gRPC client gives by itself. */
export type CallEnd =
  | { readonly kind: "answered"; readonly message: Uint8Array }
  /** The server's own status, not OK; `text` is its message, which may be empty. */
  | { readonly kind: "status"; readonly code: number; readonly text: string }
  /** No answer of gRPC. */
  | { readonly kind: "broken"; readonly code: number; readonly detail: string };

/**
 * The answer to a call with one message, as HTTP/2 brings it.
 *
 * @see gRPC: PROTOCOL-HTTP2.md, "Responses"
 */
export class GrpcAnswer implements Http2Sink {
  readonly #message = new MessageCollector();
  #broken: CallEnd | undefined;
  #trailers: Headers | undefined;

  readonly onHead = (head: ResponseHead): boolean => {
    if (!isGrpc(head.headers)) {
      const type = head.headers.get("content-type")?.[0];
      const shown = type === undefined ? "without a content-type" : `of type ${messageText(type)}`;
      this.#broken = broken(
        codeOfHttpStatus(head.statusCode),
        `the answer is not gRPC: HTTP status ${head.statusCode} ${shown}`,
      );
    }
    return this.#broken === undefined;
  };

  readonly onData = (chunk: Buffer): boolean => this.#message.add(chunk);

  readonly onTrailers = (trailers: Headers): void => {
    this.#trailers = trailers;
  };

  /** To be asked once the exchange has ended by itself. */
  end(): CallEnd {
    if (this.#broken !== undefined) return this.#broken;
    const { problem } = this.#message;
    if (problem !== undefined) {
      const isTooLarge = problem.kind === "too_large";
      const code = isTooLarge ? GRPC_CODE.resourceExhausted : GRPC_CODE.internal;
      return broken(code, problem.detail);
    }
    if (this.#trailers === undefined) {
      return broken(GRPC_CODE.internal, "the answer ended without trailers, which hold the status");
    }
    return this.#byTrailers(this.#trailers);
  }

  #byTrailers(trailers: Headers): CallEnd {
    const written = trailers.get("grpc-status")?.at(-1);
    if (written === undefined) {
      return broken(GRPC_CODE.unknown, "the trailers hold no grpc-status");
    }
    const code = parseStatus(written);
    if (code === undefined) {
      return broken(GRPC_CODE.unknown, `grpc-status ${messageText(written)} is no number`);
    }
    if (code !== GRPC_CODE.ok) {
      const text = messageText(trailers.get("grpc-message")?.at(-1) ?? "");
      return { kind: "status", code, text };
    }
    const { message } = this.#message;
    if (message !== undefined) return { kind: "answered", message };
    const what = this.#message.isCutShort ? "the message is cut short" : "no message came";
    return broken(GRPC_CODE.internal, `status OK, but ${what}`);
  }
}

/** The code a client gives a call whose exchange broke off by an error of the connection or of HTTP/2. */
export function codeOfError(error: unknown): number {
  return error instanceof StreamResetError ? codeOfReset(error.resetCode) : GRPC_CODE.unavailable;
}

/** `application/grpc`, alone or with a subtype or parameter behind it. */
function isGrpc(headers: Headers): boolean {
  const [type = ""] = headers.get("content-type") ?? [];
  return /^application\/grpc(?:$|[+; ])/i.test(type);
}

function broken(code: number, detail: string): CallEnd {
  return { kind: "broken", code, detail };
}
