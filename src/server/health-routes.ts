import type { Router } from "express";
import { answer, PLAIN_TEXT, readOnlyRoute } from "./answer.ts";

/** Whether the agent measures; `reason` is one sentence for when it does not. */
export type Readiness = { readonly ready: boolean; readonly reason: string };

/** `/-/healthy` says that the process answers, `/-/ready` that it measures. */
export function addHealthRoutes(router: Router, isReady: () => Readiness): void {
  readOnlyRoute(router, "/-/healthy", (_request, response) => {
    answer(response, { status: 200, contentType: PLAIN_TEXT, body: "Healthy" });
  });
  readOnlyRoute(router, "/-/ready", (_request, response) => {
    const { ready, reason } = isReady();
    answer(response, {
      status: ready ? 200 : 503,
      contentType: PLAIN_TEXT,
      body: ready ? "Ready" : `${reason}\n`,
    });
  });
}
