import type { IncomingMessage, ServerResponse } from "node:http";
import { TEXT_CONTENT_TYPE } from "../metrics/exposition.ts";
import { answer, answerSentence, clientSignal, PLAIN_TEXT } from "./answer.ts";
import { goQuote, queryOf, queryUnescape } from "./go-url.ts";
import { withHostname } from "./probe-hostname.ts";
import type { OnDemandProbe, ProbeService } from "./probe-service.ts";
import { probeTimeout, SCRAPE_TIMEOUT_HEADER } from "./probe-timeout.ts";
import type { DirectHandle, Route } from "./route.ts";
import type { Slots } from "./slots.ts";

const DEFAULT_MODULE = "http_2xx";

/** The address was refused, by a guard that did not say which rule it was. */
const UNNAMED_RULE = "address";

type Understood =
  | { readonly kind: "probe"; readonly probe: OnDemandProbe }
  | { readonly kind: "refused"; readonly status: number; readonly sentence: string };

/**
 * `/probe`, by any method, as blackbox_exporter has it to the order of its checks and the words of its
 * errors; then the policy (403) and the limit of probes at once (429). A probe that failed is a 200.
 *
 * @param slots Shared by everything that is probed on demand.
 */
export function probeRoute(probes: ProbeService, slots: Slots): Route {
  return { path: "/probe", methods: "any", direct: createProbeHandler(probes, slots) };
}

function createProbeHandler(probes: ProbeService, slots: Slots): DirectHandle {
  return async (request, response, url) => {
    const query = queryOf(url);
    const understood = understand(request, query, probes);
    if (understood.kind === "refused") {
      answerSentence(response, understood.status, understood.sentence);
      return;
    }
    const release = slots.take();
    if (release === undefined) {
      response.setHeader("Retry-After", "1");
      answerSentence(response, 429, tooManyProbes(probes));
      return;
    }
    try {
      await runAndAnswer(understood.probe, query.get("debug") === "true", probes, response);
    } finally {
      release();
    }
  };
}

/** The checks before anything is sent. Their order is part of the contract. */
function understand(
  request: IncomingMessage,
  query: ReadonlyMap<string, string>,
  probes: ProbeService,
): Understood {
  const moduleName = query.get("module") || DEFAULT_MODULE;
  const modules = probes.modules();
  // An own property: `constructor` is no module.
  const configured = Object.hasOwn(modules, moduleName) ? modules[moduleName] : undefined;
  if (configured === undefined) {
    probes.countUnknownModule();
    return refused(400, `Unknown module ${goQuote(moduleName)}`);
  }
  const timeout = probeTimeout({
    // The first where it is repeated, as Go's Header.Get.
    header: request.headersDistinct[SCRAPE_TIMEOUT_HEADER]?.[0],
    moduleSeconds: configured.timeout,
    offsetSeconds: probes.timeoutOffsetSeconds,
  });
  if (timeout.kind === "malformed") {
    return refused(500, `Failed to parse timeout from Prometheus header: ${timeout.detail}`);
  }
  const written = query.get("target") ?? "";
  if (written === "") return refused(400, "Target parameter is missing");
  // Unescaped a second time, for callers that escaped twice; kept as it is where that fails.
  const target = queryUnescape(written, "utf8") ?? written;
  const hostname = withHostname(configured, query.get("hostname") ?? "");
  if (hostname.kind === "refused") return refused(400, hostname.sentence);
  const { module } = hostname;
  const admission = probes.admit({ target, module: moduleName, prober: module.prober });
  if (admission.kind === "refused") {
    probes.countRefusal(admission.rule);
    return refused(403, refusal(admission.sentence));
  }
  const { timeoutSeconds } = timeout;
  const { permit } = admission;
  return { kind: "probe", probe: { target, moduleName, module, timeoutSeconds, permit } };
}

async function runAndAnswer(
  probe: OnDemandProbe,
  isDebug: boolean,
  probes: ProbeService,
  response: ServerResponse,
): Promise<void> {
  const signal = clientSignal(response);
  const outcome = await probes.run(probe, signal);
  if (outcome.kind === "failed" && outcome.reason === "policy_refused") {
    probes.countRefusal(outcome.policyRule ?? UNNAMED_RULE);
    if (!signal.aborted) answerSentence(response, 403, refusal(outcome.detail));
    return;
  }
  // Also where the client did not wait: why a scrape timed out is what people look for.
  probes.keep(outcome, probe);
  if (signal.aborted) return;
  const [contentType, body] = isDebug
    ? [PLAIN_TEXT, probes.debugPage(outcome, probe)]
    : [TEXT_CONTENT_TYPE, probes.page(outcome, probe)];
  answer(response, { status: 200, contentType, body });
}

function refused(status: number, sentence: string): Understood {
  return { kind: "refused", status, sentence };
}

/** All places are taken, as one sentence. */
export function tooManyProbes({ maxConcurrent }: Pick<ProbeService, "maxConcurrent">): string {
  return `${maxConcurrent()} probes are running, the limit probe.max_concurrent: try again, or raise it`;
}

function refusal(sentence: string): string {
  return `Probe refused: ${sentence}`;
}
