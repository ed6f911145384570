import type { AddressFamily } from "../runtime/address.ts";
import { type AskServer, type FamilyAnswer, isConclusive, type ServerQuery } from "./dns-answer.ts";

/** Whom to ask, and how patiently. */
export type ServerPlan = {
  /** At least one, in the order to ask them. */
  readonly servers: readonly string[];
  /** How often every server is asked before the rest of the time is only waited. */
  readonly attempts: number;
  /** A server silent for so long is not given up: the next one is asked beside it. */
  readonly patienceSeconds: number;
};

export type Exchanged = {
  readonly answer: FamilyAnswer;
  /** Servers that had said nothing for `patienceSeconds` when another one gave the answer. */
  readonly silentServers: readonly string[];
};

/**
 * One question, put to one server after the other until one gives a conclusive answer.
 *
 * Earlier servers stay asked while later ones are tried, and whoever answers first is believed. A
 * server that answers with a failure of its own is not asked again.
 *
 * @param ending Aborted at the deadline or when nobody wants the answer any more; the result is
 *   then `dns_timeout`.
 */
export function exchange(
  question: { readonly name: string; readonly family: AddressFamily; readonly plan: ServerPlan },
  askServer: AskServer,
  ending: AbortSignal,
): Promise<Exchanged> {
  const { name, family, plan } = question;
  const turns = Array.from({ length: plan.attempts }, () => plan.servers).flat();
  const asked = new Set<ServerQuery>();
  const failed = new Map<string, FamilyAnswer>();
  const overdue = new Set<string>();
  let nextTurn = 0;
  let patience: NodeJS.Timeout | undefined;

  return new Promise((settle, reject) => {
    const end = (answer: FamilyAnswer, silentServers: readonly string[] = []): void => {
      clearTimeout(patience);
      ending.removeEventListener("abort", onEnding);
      const unheard = [...asked];
      asked.clear();
      for (const query of unheard) query.cancel();
      settle({ answer, silentServers });
    };
    const onEnding = (): void => end({ kind: "failed", reason: "dns_timeout", code: "ETIMEOUT" });

    const hear = (query: ServerQuery, server: string, answer: FamilyAnswer): void => {
      if (!asked.delete(query)) return; // It was over before.
      if (isConclusive(answer)) {
        end(
          answer,
          [...overdue].filter((silent) => silent !== server && !failed.has(silent)),
        );
        return;
      }
      // Given up by c-ares after its own limit is no word of the server, which may be asked again.
      if (answer.kind === "failed" && answer.reason !== "dns_timeout") failed.set(server, answer);
      askNext();
      if (asked.size === 0) end(worthTelling(failed, answer));
    };

    const askNext = (): void => {
      clearTimeout(patience);
      while (nextTurn < turns.length && failed.has(turns[nextTurn] ?? "")) nextTurn += 1;
      const server = turns[nextTurn];
      if (server === undefined) return;
      nextTurn += 1;
      const query = askServer(server, name, family);
      if (ending.aborted) {
        query.cancel();
        return;
      }
      asked.add(query);
      query.answer.then(
        (answer) => hear(query, server, answer),
        (error: unknown) => {
          reject(error);
          onEnding(); // Only to clean up: the promise is settled.
        },
      );
      patience = setTimeout(() => {
        overdue.add(server);
        askNext();
      }, plan.patienceSeconds * 1000);
    };

    if (ending.aborted) {
      onEnding();
      return;
    }
    ending.addEventListener("abort", onEnding, { once: true });
    askNext();
  });
}

/** Of the failures of several servers the one of the first: it is the one an operator set first. */
function worthTelling(failed: ReadonlyMap<string, FamilyAnswer>, last: FamilyAnswer): FamilyAnswer {
  const [first = last] = failed.values();
  return first;
}
