import assert from "node:assert/strict";
import { test } from "node:test";
import type { AskServer, FamilyAnswer } from "../../src/resolve/dns-answer.ts";
import { exchange } from "../../src/resolve/exchange.ts";
import { ServerOrder } from "../../src/resolve/server-order.ts";
import { fakeClock } from "../support/fake-clock.ts";

const never = new AbortController().signal;
const found: FamilyAnswer = {
  kind: "records",
  records: [{ address: "192.0.2.1", ttlSeconds: 60 }],
};
const failure = {
  nxdomain: { kind: "failed", reason: "dns_nxdomain", code: "ENOTFOUND" },
  refused: { kind: "failed", reason: "dns_refused", code: "EREFUSED" },
  servfail: { kind: "failed", reason: "dns_server_failure", code: "ESERVFAIL" },
  timeout: { kind: "failed", reason: "dns_timeout", code: "ETIMEOUT" },
} as const satisfies Record<string, FamilyAnswer>;

/** Servers by what they do; `late` answers once `late` questions have been put to anybody. */
type Behaviour = FamilyAnswer | "silent" | { readonly late: number; readonly answer: FamilyAnswer };

function servers(behaviours: Readonly<Record<string, Behaviour>>): {
  readonly askServer: AskServer;
  readonly asked: readonly string[];
  readonly cancelled: readonly string[];
} {
  const asked: string[] = [];
  const cancelled: string[] = [];
  const waiting: { readonly after: number; readonly give: () => void }[] = [];
  const askServer: AskServer = (server) => {
    asked.push(server);
    const behaviour = behaviours[server] ?? "silent";
    const answer = new Promise<FamilyAnswer>((give) => {
      if (behaviour === "silent") return;
      if ("late" in behaviour) {
        waiting.push({ after: behaviour.late, give: () => give(behaviour.answer) });
      } else {
        give(behaviour);
      }
    });
    for (const { after, give } of waiting) if (asked.length >= after) give();
    return { answer, cancel: () => cancelled.push(server) };
  };
  return { askServer, asked, cancelled };
}

const cases: readonly {
  readonly name: string;
  readonly behaviours: Readonly<Record<string, Behaviour>>;
  readonly attempts?: number;
  readonly asked: readonly string[];
  readonly answer: FamilyAnswer;
  readonly silent?: readonly string[];
}[] = [
  {
    name: "the first server's answer is enough",
    behaviours: { a: found, b: failure.nxdomain },
    asked: ["a"],
    answer: found,
  },
  {
    name: "NXDOMAIN is an answer",
    behaviours: { a: failure.nxdomain, b: found },
    asked: ["a"],
    answer: failure.nxdomain,
  },
  {
    name: "a server in trouble hands on to the next",
    behaviours: { a: failure.servfail, b: found },
    asked: ["a", "b"],
    answer: found,
  },
  {
    name: "when all are in trouble the first one's is told, and none is asked twice",
    behaviours: { a: failure.refused, b: failure.servfail },
    attempts: 3,
    asked: ["a", "b"],
    answer: failure.refused,
  },
  {
    name: "a silent server is passed and named",
    behaviours: { a: "silent", b: found },
    asked: ["a", "b"],
    answer: found,
    silent: ["a"],
  },
  {
    name: "a late first server is still heard",
    behaviours: { a: { late: 2, answer: found }, b: "silent" },
    asked: ["a", "b"],
    answer: found,
  },
  {
    name: "the only server is asked again when a packet was lost",
    behaviours: { a: { late: 2, answer: found } },
    attempts: 2,
    asked: ["a", "a"],
    answer: found,
  },
  {
    name: "a time-out of c-ares is trouble like any other",
    behaviours: { a: failure.timeout, b: found },
    asked: ["a", "b"],
    answer: found,
  },
];

for (const { name, behaviours, attempts = 1, asked: wantAsked, answer, silent = [] } of cases) {
  test(`exchange(): ${name}`, async () => {
    const { askServer, asked } = servers(behaviours);
    const plan = { servers: Object.keys(behaviours), attempts, patienceSeconds: 0.001 };
    const done = await exchange({ name: "www.example", family: "ipv4", plan }, askServer, never);
    assert.deepEqual(done, { answer, silentServers: silent });
    assert.deepEqual(asked, wantAsked);
  });
}

test("exchange() ends as a time-out with its signal, and cancels what is under way", async () => {
  const { askServer, asked, cancelled } = servers({});
  const ending = new AbortController();
  const plan = { servers: ["a", "b"], attempts: 1, patienceSeconds: 3600 };
  const exchanged = exchange(
    { name: "www.example", family: "ipv4", plan },
    askServer,
    ending.signal,
  );
  ending.abort();
  assert.deepEqual(await exchanged, { answer: failure.timeout, silentServers: [] });
  assert.deepEqual(asked, ["a"]);
  assert.deepEqual(cancelled, ["a"]);
});

test("exchange() cancels the servers that were not heard", async () => {
  const { askServer, cancelled } = servers({ a: "silent", b: found });
  const plan = { servers: ["a", "b"], attempts: 1, patienceSeconds: 0.001 };
  await exchange({ name: "www.example", family: "ipv4", plan }, askServer, never);
  assert.deepEqual(cancelled, ["a"]);
});

test("ServerOrder asks a silent server last, for half a minute", () => {
  const clock = fakeClock();
  const order = new ServerOrder(clock);
  order.demote("a");
  assert.deepEqual(order.of(["a", "b", "c"]), ["b", "c", "a"]);
  clock.advanceSeconds(29);
  assert.deepEqual(order.of(["a", "b", "c"]), ["b", "c", "a"]);
  clock.advanceSeconds(1);
  assert.deepEqual(order.of(["a", "b", "c"]), ["a", "b", "c"]);
});
