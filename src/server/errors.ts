import type { ServerResponse } from "node:http";
import type { ErrorRequestHandler, RequestHandler } from "express";
import type { Logger } from "../runtime/log.ts";
import { type AnswerSentence, answerSentence } from "./answer.ts";

const MAX_PATH_CHARACTERS = 200;

/** For every path that nothing else answers. */
export function createNotFound(say: AnswerSentence = answerSentence): RequestHandler {
  return (request, response) => {
    const path = (request.baseUrl + request.path).slice(0, MAX_PATH_CHARACTERS);
    say(response, 404, `there is nothing at ${path}`);
  };
}

/** The last handler of express. */
export function createErrorHandler(
  log: Logger,
  say: AnswerSentence = answerSentence,
): ErrorRequestHandler {
  const answerFailure = createFailureAnswer(log, say);
  // Four parameters make it an error handler for express.
  return (error: unknown, request, response, _next) =>
    answerFailure(error, request.method, request.baseUrl + request.path, response);
}

/** One sentence for the client, the stack for the log. */
export function createFailureAnswer(
  log: Logger,
  say: AnswerSentence = answerSentence,
): (error: unknown, method: string, path: string, response: ServerResponse) => void {
  return (error, method, path, response) => {
    log.error("Cannot answer a request", {
      method,
      path,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    if (response.headersSent) {
      // The status has left: a cut connection is the only way left to say that the body is not whole.
      response.destroy();
      return;
    }
    response.removeHeader("Content-Encoding");
    say(response, 500, "the agent failed to answer; its log says why");
  };
}
