/** The peer broke the rules of the protocol. */
export class Http2Error extends Error {
  override readonly name = "Http2Error";
  readonly code = "ERR_HTTP2";
}

const NO_ERROR = 0;
const REFUSED_STREAM = 7;
const CANCEL = 8;

/** The peer ended the stream by RST_STREAM. @see RFC 9113 section 7 for the codes */
export class StreamResetError extends Error {
  override readonly name = "StreamResetError";
  /** That of a broken connection where the server merely wanted no more. */
  readonly code: "ECONNRESET" | "ERR_HTTP2";
  readonly resetCode: number;

  constructor(resetCode: number) {
    const isMere = [NO_ERROR, REFUSED_STREAM, CANCEL].includes(resetCode);
    super(`the stream was reset with ${isMere ? "" : "error "}code ${resetCode}`);
    this.code = isMere ? "ECONNRESET" : "ERR_HTTP2";
    this.resetCode = resetCode;
  }
}

/** The connection is gone, by nobody's fault in the protocol. */
export function closed(message: string): Error {
  return Object.assign(new Error(message), { code: "ECONNRESET" });
}
