import assert from "node:assert/strict";
import { test } from "node:test";
import { IcmpTargets } from "../../src/agent/icmp-targets.ts";
import { meaningOf } from "../../src/agent/in-force.ts";
import type { NameWatch } from "../../src/agent/name-watch.ts";
import type { ContinuousStream } from "../../src/agent/streams.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import type { Engine, StreamOrder } from "../../src/icmp/engine-contract.ts";
import { ContinuousReport } from "../../src/report/continuous.ts";
import type { Resolution } from "../../src/resolve/resolution.ts";
import { silentLog } from "../../src/runtime/log.ts";
import { fakeClock } from "../support/fake-clock.ts";

function streamOf(file: string): ContinuousStream {
  const parsed = parseConfig(file);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const [stream] = meaningOf(parsed.value).streamList.streams;
  assert.ok(stream !== undefined);
  return stream;
}

const file = (more: { readonly interval?: string; readonly icmp?: string } = {}): string => `
modules: {icmp: {prober: icmp, icmp: {${more.icmp ?? ""}}}}
groups: [{name: a, modules: [icmp], interval: ${more.interval ?? "10s"}, targets: [host.example.test]}]
`;

/** Both families, so that a module may prefer either. */
const BOTH: Resolution = {
  kind: "resolved",
  addresses: [
    { text: "192.0.2.1", family: "ipv4" },
    { text: "2001:db8::1", family: "ipv6" },
  ],
  ttlSeconds: 60,
  isStale: false,
};
const ONLY_IPV4: Resolution = { ...BOTH, addresses: BOTH.addresses.slice(0, 1) };

/** An engine that keeps the last order of each stream. */
function bench(latest: Resolution) {
  const orders = new Map<number, StreamOrder>();
  let highest = 0;
  const unused = async (): Promise<never> => {
    throw new Error("not asked for here");
  };
  const engine: Engine = {
    state: "running",
    problem: undefined,
    add: (order) => {
      highest += 1;
      orders.set(highest, order);
      return highest;
    },
    remove: (number) => void orders.delete(number),
    retune: (number, order) => void orders.set(number, order),
    echo: unused,
    snapshot: unused,
    figures: unused,
    failures: unused,
    stop: async () => {},
  };
  const watched = new Set<string>();
  const names: Pick<NameWatch, "watch" | "unwatch" | "latest"> = {
    watch: (name) => void watched.add(name),
    unwatch: (name) => void watched.delete(name),
    latest: () => latest,
  };
  const targets = new IcmpTargets({
    engine,
    report: new ContinuousReport({ clock: fakeClock() }),
    names,
    log: silentLog,
  });
  return { targets, orders, watched };
}

test("change() gives the engine another interval under the same number", () => {
  const { targets, orders } = bench(BOTH);
  targets.add(streamOf(file()));
  targets.change(streamOf(file({ interval: "2s" })));
  assert.deepEqual([...orders.keys()], [1]);
  assert.equal(orders.get(1)?.intervalSeconds, 2);
  assert.equal(orders.get(1)?.address, "2001:db8::1");
});

test("change() of the preferred family sends to the other address", () => {
  const { targets, orders } = bench(BOTH);
  targets.add(streamOf(file()));
  targets.change(streamOf(file({ icmp: "preferred_ip_protocol: ip4" })));
  assert.equal(orders.get(1)?.address, "192.0.2.1");
});

test("change() that leaves no address to send to stops the sending", () => {
  const { targets, orders } = bench(ONLY_IPV4);
  targets.add(streamOf(file()));
  assert.equal(orders.get(1)?.address, "192.0.2.1");
  targets.change(
    streamOf(file({ icmp: "preferred_ip_protocol: ip6, ip_protocol_fallback: false" })),
  );
  assert.equal(orders.get(1)?.address, undefined);
});

test("remove() takes the stream from the engine, and gives its name up with the last that has it", () => {
  const { targets, orders, watched } = bench(BOTH);
  const first = streamOf(file());
  const second = streamOf(file().replace("name: a", "name: b"));
  targets.add(first);
  targets.add(second);
  watched.add("host.example.test");
  targets.remove(first);
  assert.deepEqual([...orders.keys()], [2]);
  assert.deepEqual([...watched], ["host.example.test"]);
  targets.remove(second);
  assert.deepEqual([...watched], []);
});
