import type { ServerResponse } from "node:http";
import type { Request, RequestHandler, Response, Router } from "express";

export const PLAIN_TEXT = "text/plain; charset=utf-8";

/**
 * Ends the response with a body. Not express's `send`: that rewrites the content type, and a scraper
 * gets ours to the letter.
 */
export function answer(
  response: ServerResponse,
  options: { readonly status: number; readonly contentType: string; readonly body: string },
): void {
  const body = Buffer.from(options.body);
  response.statusCode = options.status;
  response.setHeader("Content-Type", options.contentType);
  response.setHeader("Content-Length", body.length);
  response.end(body);
}

/** How a route tells what is wrong: in the form of its own answers. */
export type AnswerSentence = (response: ServerResponse, status: number, sentence: string) => void;

/** Ends the response with one plain sentence and a newline, as Go's `http.Error` does. */
export function answerSentence(response: ServerResponse, status: number, sentence: string): void {
  answer(response, { status, contentType: PLAIN_TEXT, body: `${sentence}\n` });
}

/** A path that is read: GET and HEAD are served, OPTIONS told what there is, the rest refused. */
export function readOnlyRoute(
  router: Router,
  path: string,
  handler: RequestHandler,
  say: AnswerSentence = answerSentence,
): void {
  router
    .route(path)
    .get(handler)
    .all((request, response) => refuseMethod(request, response, say));
}

function refuseMethod(request: Request, response: Response, say: AnswerSentence): void {
  response.setHeader("Allow", "GET, HEAD, OPTIONS");
  if (request.method === "OPTIONS") {
    response.statusCode = 204;
    response.end();
    return;
  }
  const path = request.baseUrl + request.path;
  say(response, 405, `method ${request.method} is not allowed for ${path}: use GET`);
}

/**
 * Aborted when the client goes away before it has its whole answer, or when `maxSeconds` are over.
 *
 * A timer of our own: `AbortSignal.any` on Node 20 can lose a source to the garbage collector.
 */
export function clientSignal(response: ServerResponse, maxSeconds?: number): AbortSignal {
  const ended = new AbortController();
  const overdue = (): void =>
    ended.abort(new Error(`the client took more than ${maxSeconds} s to read its answer`));
  const timer = maxSeconds === undefined ? undefined : setTimeout(overdue, maxSeconds * 1000);
  response.once("close", () => {
    clearTimeout(timer);
    if (!response.writableFinished) ended.abort(new Error("the client closed the connection"));
  });
  return ended.signal;
}
