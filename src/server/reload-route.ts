import type { Response } from "express";
import { answer, answerSentence, PLAIN_TEXT } from "./answer.ts";
import type { Reload } from "./reload-service.ts";
import type { Route } from "./route.ts";

/**
 * `/-/reload` by POST or PUT: the configuration file is read again. 200 without a body when it is in
 * force, or says what it said before; 500 with the reason when it is refused, and then nothing changed.
 *
 * @param reload Undefined without `--web.enable-lifecycle`: 403, in Prometheus' words.
 */
export function reloadRoute(reload: Reload | undefined): Route {
  return {
    path: "/-/reload",
    methods: "any",
    handle: async (request, response) => {
      if (request.method !== "POST" && request.method !== "PUT") {
        response.setHeader("Allow", "POST, PUT");
        answerSentence(response, 405, "This endpoint requires a POST request.");
        return;
      }
      if (reload === undefined) {
        answerSentence(response, 403, "Lifecycle API is not enabled.");
        return;
      }
      await reloadAndAnswer(reload, response);
    },
  };
}

async function reloadAndAnswer(reload: Reload, response: Response): Promise<void> {
  const result = await reload();
  switch (result.kind) {
    case "reloaded":
    case "unchanged":
      answer(response, { status: 200, contentType: PLAIN_TEXT, body: "" });
      return;
    case "refused":
      answerSentence(response, 500, `failed to reload config: ${result.sentence}`);
      return;
  }
}
