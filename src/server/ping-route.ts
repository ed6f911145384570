import type { Response } from "express";
import { MAX_PING_ECHOES, type PingOutcome, type PingRequest } from "../probe/icmp/ping.ts";
import type { Module } from "../probe/module.ts";
import { pingResult } from "../report/ping-result.ts";
import { quote } from "../runtime/found.ts";
import { targetProblem } from "../target/options.ts";
import { clientSignal } from "./answer.ts";
import { answerError, answerJson } from "./api-answer.ts";
import { queryOf } from "./go-url.ts";
import { tooManyProbes } from "./probe-routes.ts";
import type { ProbeService } from "./probe-service.ts";
import { API_PATH, type Route } from "./route.ts";
import type { Slots } from "./slots.ts";

const DEFAULT_MODULE = "icmp";

/** Rejects when the agent is at fault, or with the signal's reason when that is aborted. */
export type RunPing = (request: PingRequest, signal: AbortSignal) => Promise<PingOutcome>;

type Understood =
  | { readonly kind: "ping"; readonly ping: PingRequest }
  | { readonly kind: "refused"; readonly status: number; readonly sentence: string };

/**
 * `/api/v1/ping?target=&count=[&module=]`: echoes now. Bad input is a 400, then come the policy (403), the
 * limit of probes at once (429) and the lack of an engine (503). A target that does not answer or does
 * not resolve is a 200.
 */
export function pingRoute(deps: {
  readonly api: { readonly ping: RunPing };
  readonly probes: ProbeService;
  readonly slots: Slots;
}): Route {
  const { api, probes, slots } = deps;
  return {
    path: `${API_PATH}/ping`,
    methods: "reading",
    handle: async (request, response) => {
      const understood = understand(queryOf(request.originalUrl), probes);
      if (understood.kind === "refused") {
        answerError(response, understood.status, understood.sentence);
        return;
      }
      const release = slots.take();
      if (release === undefined) {
        response.setHeader("Retry-After", "1");
        answerError(response, 429, tooManyProbes(probes));
        return;
      }
      const { ping } = understood;
      const signal = clientSignal(response);
      try {
        answerOutcome(response, ping.target, await api.ping(ping, signal), probes);
      } catch (error) {
        // Nobody is left to be told, and that the client went away is no fault.
        if (!signal.aborted) throw error;
      } finally {
        release();
      }
    },
  };
}

/** The checks before anything is looked up or sent. */
function understand(query: ReadonlyMap<string, string>, probes: ProbeService): Understood {
  const target = query.get("target") ?? "";
  if (target === "") {
    return refused(400, "the parameter target is missing: write for example target=192.0.2.1");
  }
  const problem = targetProblem(target);
  if (problem !== undefined) return refused(400, problem);
  const count = query.get("count") || "1";
  const isCount = /^\d{1,2}$/.test(count) && Number(count) >= 1 && Number(count) <= MAX_PING_ECHOES;
  if (!isCount) {
    return refused(
      400,
      `count ${quote(count)} is no whole number from 1 to ${MAX_PING_ECHOES}: write for example count=5`,
    );
  }
  const moduleName = query.get("module") || DEFAULT_MODULE;
  const module = moduleNamed(moduleName, probes);
  if (module === undefined) {
    probes.countUnknownModule();
    return refused(
      400,
      `module ${quote(moduleName)} is not in the configuration: name one whose prober is icmp, or leave module out for ${DEFAULT_MODULE}`,
    );
  }
  if (module.prober !== "icmp") {
    return refused(
      400,
      `module ${quote(moduleName)} has the prober ${module.prober}: name one whose prober is icmp with module=`,
    );
  }
  const admission = probes.admit({ target, module: moduleName, prober: module.prober });
  if (admission.kind === "refused") {
    probes.countRefusal(admission.rule);
    return refused(403, refusal(admission.sentence));
  }
  const { permit } = admission;
  return { kind: "ping", ping: { target, module, count: Number(count), permit } };
}

function moduleNamed(name: string, probes: ProbeService): Module | undefined {
  const modules = probes.modules();
  // An own property: `constructor` is no module.
  return Object.hasOwn(modules, name) ? modules[name] : undefined;
}

function answerOutcome(
  response: Response,
  target: string,
  outcome: PingOutcome,
  probes: ProbeService,
): void {
  switch (outcome.kind) {
    case "pinged":
    case "failed":
      answerJson(response, 200, pingResult(target, outcome));
      return;
    case "refused":
      probes.countRefusal(outcome.rule);
      answerError(response, 403, refusal(outcome.sentence));
      return;
    case "unavailable":
      answerError(response, 503, `echoes cannot be sent: ${outcome.sentence}`);
      return;
  }
}

function refused(status: number, sentence: string): Understood {
  return { kind: "refused", status, sentence };
}

function refusal(sentence: string): string {
  return `Ping refused: ${sentence}`;
}
