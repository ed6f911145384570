import type { Router } from "express";
import { answer, readOnlyRoute } from "./answer.ts";
import { LANDING_POLICY, type LandingFacts, landingPage } from "./landing-page.ts";

/**
 * The page at the root of the routes.
 *
 * @param prefix The route prefix without a slash at its end; empty for none.
 */
export function addLandingRoutes(
  router: Router,
  { landing, prefix }: { readonly landing: () => LandingFacts; readonly prefix: string },
): void {
  readOnlyRoute(router, "/", (_request, response) => {
    response.setHeader("Content-Security-Policy", LANDING_POLICY);
    response.setHeader("Cache-Control", "no-store");
    answer(response, {
      status: 200,
      contentType: "text/html; charset=utf-8",
      body: landingPage(landing(), prefix),
    });
  });
}
