import type { AppDeps } from "./app.ts";
import { configRoute } from "./config-route.ts";
import { healthRoutes } from "./health-routes.ts";
import { landingRoute } from "./landing-routes.ts";
import { logsRoute } from "./logs-route.ts";
import { metricsRoute } from "./metrics-routes.ts";
import { pingRoute } from "./ping-route.ts";
import { probeRoute } from "./probe-routes.ts";
import { reloadRoute } from "./reload-route.ts";
import type { Route } from "./route.ts";
import { Slots } from "./slots.ts";
import { targetsRoute } from "./targets-route.ts";

/**
 * All that the agent serves: nothing is served that is not in this list. What is asked most often
 * comes first.
 *
 * @param linkPrefix The path under which people reach the agent, without a slash at its end.
 */
export function routesOf(deps: AppDeps, linkPrefix: string): readonly Route[] {
  const { probe, api, isReady, history } = deps;
  // One limit over everything that is probed on demand.
  const slots = new Slots(probe.maxConcurrent);
  const landing = () => ({ ...deps.landing(), readiness: isReady() });
  const routes: Route[] = [
    probeRoute(probe, slots),
    metricsRoute(deps.metrics),
    targetsRoute(api.targets),
    pingRoute({ api, probes: probe, slots }),
    logsRoute(history),
    configRoute(deps.configuration, deps.clock),
    ...healthRoutes(isReady),
    reloadRoute(deps.reload),
  ];
  return [...routes, landingRoute({ landing, history, linkPrefix, routes })];
}
