import type { KeptProbe, ProbeHistory } from "../report/probe-history.ts";
import { answer, answerSentence, PLAIN_TEXT } from "./answer.ts";
import { queryOf } from "./go-url.ts";
import type { Route } from "./route.ts";

/** As Go's `ParseInt` reads a decimal; what it refuses is as if absent. */
const DECIMAL = /^[+-]?\d+$/;
const MAX_INT64 = 2n ** 63n - 1n;
/** Stands for no id in blackbox_exporter, so that one cannot ask for it. */
const NO_ID = -1n;

type Asked =
  | { readonly kind: "found"; readonly probe: KeptProbe }
  | { readonly kind: "refused"; readonly status: number; readonly sentence: string };

/**
 * `/logs?id=` and `/logs?target=[&module=]`: the debug page of one kept probe, by any method, as
 * blackbox_exporter has it to the order of its checks and the words of its errors. For a target it
 * is the oldest kept, failed ones that were pushed out first.
 */
export function logsRoute(history: ProbeHistory): Route {
  return {
    path: "/logs",
    methods: "any",
    handle: (request, response) => {
      const asked = find(queryOf(request.originalUrl), history);
      if (asked.kind === "refused") {
        answerSentence(response, asked.status, asked.sentence);
        return;
      }
      response.setHeader("Cache-Control", "no-store");
      answer(response, { status: 200, contentType: PLAIN_TEXT, body: asked.probe.debugText() });
    },
  };
}

function find(query: ReadonlyMap<string, string>, history: ProbeHistory): Asked {
  const id = idOf(query.get("id") ?? "");
  const target = query.get("target") ?? "";
  const moduleName = query.get("module") ?? "";
  if (id !== undefined && target !== "") {
    return refused(400, "Probe id and target can't be defined at the same time");
  }
  if ((id ?? NO_ID) === NO_ID && target === "") {
    return refused(400, "Probe id or target must be defined as http query parameters");
  }
  if (target === "" && moduleName !== "") {
    return refused(400, "Probe module filter only works in conjunction with target parameter");
  }
  if (target !== "") {
    const probe = history.oldestOf(target, moduleName === "" ? undefined : moduleName);
    return probe === undefined ? refused(404, "Probe target not found") : { kind: "found", probe };
  }
  const probe = history.get(Number(id));
  return probe === undefined ? refused(404, "Probe id not found") : { kind: "found", probe };
}

function idOf(text: string): bigint | undefined {
  // BigInt takes time with the square of the length.
  if (!DECIMAL.test(text) || text.length > 100) return undefined;
  const id = BigInt(text.replace(/^\+/, ""));
  return id <= MAX_INT64 && id >= -MAX_INT64 - 1n ? id : undefined;
}

function refused(status: number, sentence: string): Asked {
  return { kind: "refused", status, sentence };
}
