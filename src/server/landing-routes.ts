import type { ProbeHistory } from "../report/probe-history.ts";
import { answer } from "./answer.ts";
import { LANDING_POLICY, type LandingFacts, landingPage } from "./landing-page.ts";
import type { Route } from "./route.ts";

/** More probes than these make no page that anybody reads to its end. */
const MAX_PROBES_SHOWN = 500;

/**
 * The page at the root of the routes.
 *
 * @param options.linkPrefix The path under which people reach the agent, without a slash at its end.
 * @param options.routes Those that it leads to.
 */
export function landingRoute(options: {
  readonly landing: () => Omit<LandingFacts, "probes">;
  readonly history: ProbeHistory;
  readonly linkPrefix: string;
  readonly routes: readonly Route[];
}): Route {
  const { landing, history, linkPrefix, routes } = options;
  const links = routes.flatMap(({ path, link }) =>
    link === undefined ? [] : [{ path: withQuery(path, link.query), text: link.text }],
  );
  return {
    path: "/",
    methods: "reading",
    handle: (_request, response) => {
      response.setHeader("Content-Security-Policy", LANDING_POLICY);
      response.setHeader("Cache-Control", "no-store");
      const facts = { ...landing(), probes: history.newest(MAX_PROBES_SHOWN) };
      answer(response, {
        status: 200,
        contentType: "text/html; charset=utf-8",
        body: landingPage(facts, { links, prefix: linkPrefix }),
      });
    },
  };
}

function withQuery(path: string, query: string | undefined): string {
  return query === undefined ? path : `${path}?${query}`;
}
