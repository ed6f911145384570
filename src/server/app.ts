import express, { type Express, type RequestHandler, Router } from "express";
import type { Logger } from "../runtime/log.ts";
import { answerSentence, readOnlyRoute } from "./answer.ts";
import { type ApiService, addApiRoutes } from "./api-routes.ts";
import { createErrorHandler, createNotFound } from "./errors.ts";
import { addHealthRoutes, type Readiness } from "./health-routes.ts";
import type { LandingFacts } from "./landing-page.ts";
import { addLandingRoutes } from "./landing-routes.ts";
import { addMetricsRoutes, type WriteMetrics } from "./metrics-routes.ts";
import { addProbeRoutes } from "./probe-routes.ts";
import type { ProbeService } from "./probe-service.ts";
import { Slots } from "./slots.ts";

/** Longest URL in characters; the parser's limit on the whole header is above it. */
const MAX_URL_CHARACTERS = 8_192;

/** All that the server knows of the agent. */
export type AppDeps = {
  readonly log: Logger;
  readonly metrics: WriteMetrics;
  readonly probe: ProbeService;
  readonly api: ApiService;
  readonly isReady: () => Readiness;
  readonly landing: () => Omit<LandingFacts, "readiness">;
  /** `--web.route-prefix`, with or without slashes around it; `/` or empty for none. */
  readonly routePrefix: string;
};

/** The agent's HTTP side as a request handler; it opens nothing itself. */
export function createApp(deps: AppDeps): Express {
  const prefix = prefixOf(deps.routePrefix);
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.enable("case sensitive routing");
  app.enable("strict routing");
  // Queries are read by Go's rules (go-url.ts) and no others.
  app.set("query parser", false);

  app.use(limitsAndHeaders);
  const routes = Router({ caseSensitive: true, strict: true });
  addMetricsRoutes(routes, deps.metrics);
  const slots = new Slots(deps.probe.maxConcurrent);
  addProbeRoutes(routes, deps.probe, slots);
  addApiRoutes(routes, { api: deps.api, probes: deps.probe, slots, log: deps.log });
  addHealthRoutes(routes, deps.isReady);
  const landing = () => ({ ...deps.landing(), readiness: deps.isReady() });
  addLandingRoutes(routes, { landing, prefix });
  app.use(prefix === "" ? "/" : prefix, routes);
  if (prefix !== "") {
    readOnlyRoute(app, "/", (_request, response) => {
      response.setHeader("Location", `${prefix}/`);
      answerSentence(response, 302, `the page is at ${prefix}/`);
    });
  }
  app.use(createNotFound());
  app.use(createErrorHandler(deps.log));
  return app;
}

const limitsAndHeaders: RequestHandler = (request, response, next) => {
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.setHeader("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  // No route reads a body. Whoever sends one anyway does not get to send it to the end.
  const { "content-length": length = "0", "transfer-encoding": coding } = request.headers;
  if (length !== "0" || coding !== undefined) response.setHeader("Connection", "close");
  if (request.originalUrl.length > MAX_URL_CHARACTERS) {
    response.setHeader("Connection", "close");
    answerSentence(response, 414, `the URL is longer than ${MAX_URL_CHARACTERS} characters`);
    return;
  }
  next();
};

/** As blackbox_exporter trims it; without the slash at the end. */
function prefixOf(routePrefix: string): string {
  const trimmed = routePrefix.replace(/^\/+|\/+$/g, "");
  return trimmed === "" ? "" : `/${trimmed}`;
}
