import type { ResponseSink, WireRequest } from "../exchange.ts";
import type { HeaderField } from "./hpack.ts";

/** A request as HTTP/2 writes it. */
export type Http2Request = WireRequest & {
  /** `https` unless said otherwise; `http` on a connection without TLS (RFC 9113 section 3.3). */
  readonly scheme?: "http" | "https";
  /** Whether Content-Length goes along; it does unless said otherwise. */
  readonly isLengthTold?: boolean;
};

/** Takes an answer with what comes after its body. */
export type Http2Sink = ResponseSink & {
  /** The block of headers that ends the stream: trailers, or the head itself where nothing follows it. */
  readonly onTrailers?: (trailers: ReadonlyMap<string, readonly string[]>) => void;
};

/** Headers about the connection do not exist here (RFC 9113 section 8.2.2); names are lower-case. */
export function fieldsOf(request: Http2Request): HeaderField[] {
  const { method, path, host, body, scheme = "https", isLengthTold = true } = request;
  const fields: HeaderField[] = [
    [":method", method],
    [":path", path],
    [":scheme", scheme],
    [":authority", host],
  ];
  for (const [name, value] of request.headers) fields.push([name.toLowerCase(), value]);
  const isLengthExpected = method === "POST" || method === "PUT" || method === "PATCH";
  const length = body?.length ?? 0;
  if (isLengthTold && (length > 0 || isLengthExpected)) {
    fields.push(["content-length", String(length)]);
  }
  return fields;
}
