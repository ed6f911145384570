import { Router } from "express";
import type { Logger } from "../runtime/log.ts";
import { answerError } from "./api-answer.ts";
import { createErrorHandler, createNotFound } from "./errors.ts";
import { addPingRoute, type RunPing } from "./ping-route.ts";
import type { ProbeService } from "./probe-service.ts";
import type { Slots } from "./slots.ts";
import { addTargetsRoute, type ListTargets } from "./targets-route.ts";

/** What the API needs of the agent. Everything is asked anew for each request. */
export type ApiService = {
  readonly targets: ListTargets;
  readonly ping: RunPing;
};

/** `/api/v1`: answers are JSON, errors too. Parameters that a route does not know are ignored. */
export function addApiRoutes(
  router: Router,
  deps: {
    readonly api: ApiService;
    /** The same modules and policy as for `/probe`. */
    readonly probes: ProbeService;
    /** The same places as for `/probe`. */
    readonly slots: Slots;
    readonly log: Logger;
  },
): void {
  const routes = Router({ caseSensitive: true, strict: true });
  routes.use((_request, response, next) => {
    response.setHeader("Cache-Control", "no-store");
    next();
  });
  addTargetsRoute(routes, deps.api.targets);
  addPingRoute(routes, deps);
  routes.use(createNotFound(answerError));
  routes.use(createErrorHandler(deps.log, answerError));
  router.use("/api/v1", routes);
}
