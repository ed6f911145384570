import type { IncomingMessage, ServerResponse } from "node:http";
import type { Request, Response, Router } from "express";
import { type AnswerSentence, answerSentence, readOnlyRoute } from "./answer.ts";
import { answerError } from "./api-answer.ts";

/** Everything under it answers in JSON, errors too. */
export const API_PATH = "/api/v1";

type Place = {
  /** Below the route prefix, compared as it is: `/probe` is not `/probe/`. */
  readonly path: string;
  /** `any`: as blackbox_exporter, or told apart by the route itself; `reading`: GET and HEAD. */
  readonly methods: "any" | "reading";
  /** For the list on the page at the root; left out: not there. */
  readonly link?: { readonly query?: string; readonly text: string };
};

export type Handle = (request: Request, response: Response) => void | Promise<void>;

/** Handles a request as Node's server has it. `url` is that of the request line. Rejects when the agent is at fault. */
export type DirectHandle = (
  request: IncomingMessage,
  response: ServerResponse,
  url: string,
) => Promise<void>;

/** One thing that the agent serves. */
export type Route = Place &
  (
    | { readonly methods: "any" | "reading"; readonly handle: Handle }
    /**
     * Asked thousands of times a second, so served before express sees the request (`direct.ts`), which costs four
     * times what such a handler does.
     */
    | { readonly methods: "any"; readonly direct: DirectHandle }
  );

/** Puts routes into a router, in their order. */
export function mount(router: Router, routes: readonly Route[]): void {
  for (const route of routes) {
    const { path, methods } = route;
    const handle = "direct" in route ? viaExpress(route.direct) : route.handle;
    switch (methods) {
      case "any":
        router.all(path, handle);
        break;
      case "reading":
        readOnlyRoute(router, path, handle, sayingOf(path));
        break;
    }
  }
}

/** For a request that names the path in another way: as an absolute URL, say. */
function viaExpress(direct: DirectHandle): Handle {
  return (request, response) => direct(request, response, request.originalUrl);
}

/** How a route tells what is wrong. */
function sayingOf(path: string): AnswerSentence {
  return path.startsWith(`${API_PATH}/`) ? answerError : answerSentence;
}
