import type { PolicyMode } from "../policy/policy.ts";
import { type ShownConfig, writeConfigPage } from "../report/config-page.ts";
import type { Clock } from "../runtime/clock.ts";
import { answerSentence, PLAIN_TEXT } from "./answer.ts";
import { policySentence } from "./policy-sentence.ts";
import type { Route } from "./route.ts";
import { Slots } from "./slots.ts";
import { encodingFor, setStreamHeaders, streamAnswer } from "./streamed.ts";

const MAX_PAGES = 4;
const MAX_PAGE_SECONDS = 120;

/** What is in force; asked anew for each request. */
export type Configuration = () => {
  readonly config: ShownConfig;
  readonly policyMode: PolicyMode;
};

/** `/config`: the configuration in force as YAML, by any method, as blackbox_exporter; secrets hidden. */
export function configRoute(configuration: Configuration, clock: Clock): Route {
  const slots = new Slots(() => MAX_PAGES);
  return {
    path: "/config",
    methods: "any",
    link: { text: "the configuration in force, secrets hidden" },
    handle: async (request, response) => {
      const encoding = encodingFor(request);
      response.setHeader("Cache-Control", "no-store");
      if (request.method === "HEAD") {
        setStreamHeaders(response, PLAIN_TEXT, encoding);
        response.end();
        return;
      }
      const release = slots.take();
      if (release === undefined) {
        response.setHeader("Retry-After", "1");
        answerSentence(response, 503, `${MAX_PAGES} pages are being read: try again`);
        return;
      }
      const { config, policyMode } = configuration();
      const remarks = [
        "The configuration in force: defaults written out, labels merged, secrets hidden.",
        `On demand, ${policySentence(policyMode)}.`,
      ];
      const { monotonicSeconds } = clock;
      try {
        await streamAnswer(response, {
          encoding,
          contentType: PLAIN_TEXT,
          maxSeconds: MAX_PAGE_SECONDS,
          write: (sink, signal) =>
            writeConfigPage(config, { remarks, sink, signal, monotonicSeconds }),
        });
      } finally {
        release();
      }
    },
  };
}
