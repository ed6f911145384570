import type { Router } from "express";
import type { Logger } from "../runtime/log.ts";
import { answerError } from "./api-answer.ts";
import { createErrorHandler, createNotFound } from "./errors.ts";
import type { RunPing } from "./ping-route.ts";
import { API_PATH, mount, type Route } from "./route.ts";
import type { ListTargets } from "./targets-route.ts";

/** What the API needs of the agent. Everything is asked anew for each request. */
export type ApiService = {
  readonly targets: ListTargets;
  readonly ping: RunPing;
};

/**
 * Puts all routes into a router. Under `/api/v1` answers are JSON, errors and what is not there too,
 * and parameters that a route does not know are ignored.
 */
export function addRoutes(router: Router, routes: readonly Route[], log: Logger): void {
  const isApi = ({ path }: Route): boolean => path.startsWith(`${API_PATH}/`);
  mount(
    router,
    routes.filter((route) => !isApi(route)),
  );
  router.use(API_PATH, (_request, response, next) => {
    response.setHeader("Cache-Control", "no-store");
    next();
  });
  mount(router, routes.filter(isApi));
  router.use(API_PATH, createNotFound(answerError), createErrorHandler(log, answerError));
}
