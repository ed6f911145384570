import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import express, { Router } from "express";
import type { ProbeHistory } from "../report/probe-history.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import { answerSentence, readOnlyRoute } from "./answer.ts";
import { type ApiService, addRoutes } from "./api-routes.ts";
import type { Configuration } from "./config-route.ts";
import { beforeExpress } from "./direct.ts";
import { createErrorHandler, createFailureAnswer, createNotFound } from "./errors.ts";
import type { Readiness } from "./health-routes.ts";
import type { LandingFacts } from "./landing-page.ts";
import type { WriteMetrics } from "./metrics-routes.ts";
import type { ProbeService } from "./probe-service.ts";
import type { Reload } from "./reload-service.ts";
import { routesOf } from "./routes.ts";
import { pathOf, type WebSettings } from "./web-settings.ts";

/** Longest URL in characters; the parser's limit on the whole header is above it. */
const MAX_URL_CHARACTERS = 8_192;

/** All that the server knows of the agent. */
export type AppDeps = {
  readonly log: Logger;
  readonly metrics: WriteMetrics;
  readonly probe: ProbeService;
  readonly api: ApiService;
  readonly isReady: () => Readiness;
  readonly landing: () => Omit<LandingFacts, "readiness" | "probes">;
  /** What `/config` shows. */
  readonly configuration: Configuration;
  /** What `/logs` and the page show of probes made on demand. */
  readonly history: ProbeHistory;
  /** Undefined where `/-/reload` is not enabled. */
  readonly reload: Reload | undefined;
  readonly web: Pick<WebSettings, "routePrefix" | "externalUrl">;
  readonly clock: Clock;
};

/** The agent's HTTP side as a request handler; it opens nothing itself. */
export function createApp(deps: AppDeps): RequestListener {
  const { routePrefix: prefix, externalUrl } = deps.web;
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.enable("case sensitive routing");
  app.enable("strict routing");
  // Queries are read by Go's rules (go-url.ts) and no others.
  app.set("query parser", false);

  app.use((request, response, next) => {
    if (admit(request, response, request.originalUrl)) next();
  });
  const router = Router({ caseSensitive: true, strict: true });
  const routes = routesOf(deps, externalUrl === undefined ? prefix : pathOf(externalUrl));
  addRoutes(router, routes, deps.log);
  app.use(prefix === "" ? "/" : prefix, router);
  if (prefix !== "") {
    const place = externalUrl ?? `${prefix}/`;
    readOnlyRoute(app, "/", (_request, response) => {
      response.setHeader("Location", place);
      answerSentence(response, 302, `the page is at ${place}`);
    });
  }
  app.use(createNotFound());
  app.use(createErrorHandler(deps.log));
  const answerFailure = createFailureAnswer(deps.log);
  return beforeExpress({
    routes,
    prefix,
    admit,
    onError: (error, { method = "", url = "" }, response) =>
      answerFailure(error, method, url.replace(/\?.*$/s, ""), response),
    express: app,
  });
}

/** The headers of every answer, and the limits of every request. @returns false when it has answered. */
function admit(request: IncomingMessage, response: ServerResponse, url: string): boolean {
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.setHeader("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  // No route reads a body. Whoever sends one anyway does not get to send it to the end.
  const { "content-length": length = "0", "transfer-encoding": coding } = request.headers;
  if (length !== "0" || coding !== undefined) response.setHeader("Connection", "close");
  if (url.length <= MAX_URL_CHARACTERS) return true;
  response.setHeader("Connection", "close");
  answerSentence(response, 414, `the URL is longer than ${MAX_URL_CHARACTERS} characters`);
  return false;
}
