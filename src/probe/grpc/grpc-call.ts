import type { Socket } from "node:net";
import { unlessAborted } from "../deadline.ts";
import { exchangeHttp2 } from "../http2/http2.ts";
import type { Http2Request } from "../http2/http2-request.ts";
import type { StageClock } from "../stages.ts";
import { type CallEnd, GrpcAnswer } from "./grpc-answer.ts";
import { prefixed } from "./grpc-message.ts";
import { metadataHeaders } from "./grpc-metadata.ts";
import type { GrpcOptions } from "./grpc-options.ts";
import { encodeHealthRequest } from "./health-message.ts";

/** `rpc Check(HealthCheckRequest) returns (HealthCheckResponse)` */
const CHECK_PATH = "/grpc.health.v1.Health/Check";
/** The most digits that `grpc-timeout` may have. */
const MAX_TIMEOUT_DIGITS = 8;

/** A call is one stage from its first byte to its last. */
const WHOLE_CALL: StageClock = { current: "check", enter: () => {} };

/**
 * One health check over an open connection, which is gone afterwards.
 *
 * @throws an error of the connection or of HTTP/2, or the reason of `signal`.
 * @see gRPC: PROTOCOL-HTTP2.md, "Requests"
 */
export async function callHealth(
  socket: Socket,
  call: {
    readonly options: GrpcOptions;
    readonly authority: string;
    readonly userAgent: string;
    readonly remainingSeconds: number;
  },
  signal: AbortSignal,
): Promise<CallEnd> {
  const { options } = call;
  const request: Http2Request = {
    method: "POST",
    path: CHECK_PATH,
    host: call.authority,
    scheme: options.tls ? "https" : "http",
    isLengthTold: false,
    headers: [
      ["te", "trailers"],
      ["grpc-timeout", timeoutText(call.remainingSeconds)],
      ["content-type", "application/grpc"],
      ["user-agent", call.userAgent],
      ...metadataHeaders(options.metadata),
    ],
    body: prefixed(encodeHealthRequest(options.service)),
  };
  const answer = new GrpcAnswer();
  const onAbort = (): void => void socket.destroy();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await unlessAborted(exchangeHttp2(socket, request, answer, WHOLE_CALL), signal);
    return answer.end();
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** The value of `grpc-timeout`, in milliseconds, or in seconds where those are too many. */
export function timeoutText(seconds: number): string {
  const milliseconds = Math.max(1, Math.ceil(seconds * 1000));
  if (String(milliseconds).length <= MAX_TIMEOUT_DIGITS) return `${milliseconds}m`;
  return `${Math.min(Math.ceil(seconds), 10 ** MAX_TIMEOUT_DIGITS - 1)}S`;
}
