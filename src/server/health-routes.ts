import { answer, PLAIN_TEXT } from "./answer.ts";
import type { Route } from "./route.ts";

/** Whether the agent measures; `reason` is one sentence for when it does not. */
export type Readiness = { readonly ready: boolean; readonly reason: string };

/** `/-/healthy` says that the process answers, `/-/ready` that it measures. */
export function healthRoutes(isReady: () => Readiness): readonly Route[] {
  return [
    {
      path: "/-/healthy",
      // As blackbox_exporter.
      methods: "any",
      link: { text: "the process answers" },
      handle: (_request, response) => {
        answer(response, { status: 200, contentType: PLAIN_TEXT, body: "Healthy" });
      },
    },
    {
      path: "/-/ready",
      methods: "reading",
      link: { text: "the agent measures" },
      handle: (_request, response) => {
        const { ready, reason } = isReady();
        const body = ready ? "Ready" : `${reason}\n`;
        answer(response, { status: ready ? 200 : 503, contentType: PLAIN_TEXT, body });
      },
    },
  ];
}
