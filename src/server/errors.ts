import type { ErrorRequestHandler, RequestHandler } from "express";
import type { Logger } from "../runtime/log.ts";
import { answerSentence } from "./answer.ts";

/** For every path that nothing else answers. */
export const notFound: RequestHandler = (request, response) => {
  const path = request.path.slice(0, 200);
  answerSentence(response, 404, `there is nothing at ${path}`);
};

/** The last handler: one sentence for the client, the stack for the log. */
export function createErrorHandler(log: Logger): ErrorRequestHandler {
  // Four parameters make it an error handler for express.
  return (error: unknown, request, response, _next) => {
    log.error("Cannot answer a request", {
      method: request.method,
      path: request.path,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    if (response.headersSent) {
      // The status has left: a cut connection is the only way left to say that the body is not whole.
      response.destroy();
      return;
    }
    response.removeHeader("Content-Encoding");
    answerSentence(response, 500, "the agent failed to answer; its log says why");
  };
}
