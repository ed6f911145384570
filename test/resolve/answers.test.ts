import assert from "node:assert/strict";
import { test } from "node:test";
import { Answers, type LookUp } from "../../src/resolve/answers.ts";
import type { Answer } from "../../src/resolve/question.ts";
import type { ResolveFailure } from "../../src/resolve/resolution.ts";
import { type AddressFamily, familyOf } from "../../src/runtime/address.ts";
import { fakeClock } from "../support/fake-clock.ts";

const never = new AbortController().signal;
const limits = { minTtlSeconds: 5, maxTtlSeconds: 3600 };

function found(
  texts: readonly string[],
  ttlSeconds: number,
  unknownFamilies: readonly AddressFamily[] = [],
): Answer {
  const addresses = texts.map((text) => ({ text, family: familyOf(text) ?? "ipv4" }));
  return { kind: "resolved", addresses, ttlSeconds, unknownFamilies };
}

function failed(reason: ResolveFailure): Answer {
  return { kind: "failed", reason, detail: `said ${reason}` };
}

/** A cache over a name server whose next answers are in `script`; the last one repeats. */
function cacheOver(script: readonly Answer[]) {
  const clock = fakeClock();
  let lookUps = 0;
  const lookUp: LookUp = async () => {
    const answer = script[Math.min(lookUps, script.length - 1)] ?? failed("dns_nxdomain");
    lookUps += 1;
    return answer;
  };
  const answers = new Answers({ clock, lookUp, limits });
  return { clock, get: () => answers.get("www.example", never), lookUps: () => lookUps };
}

async function seen(get: () => ReturnType<Answers["get"]>): Promise<string> {
  const resolution = await get();
  if (resolution.kind === "failed") return resolution.reason;
  const texts = resolution.addresses.map(({ text }) => text).join(" ");
  return `${texts} for ${resolution.ttlSeconds}${resolution.isStale ? " stale" : ""}`;
}

test("get() keeps an answer for its TTL and says what is left of it", async () => {
  const { clock, get, lookUps } = cacheOver([found(["192.0.2.1"], 30), found(["192.0.2.2"], 30)]);
  assert.equal(await seen(get), "192.0.2.1 for 30");
  clock.advanceSeconds(29);
  assert.equal(await seen(get), "192.0.2.1 for 1");
  assert.equal(lookUps(), 1);
  clock.advanceSeconds(1);
  assert.equal(await seen(get), "192.0.2.2 for 30");
});

test("get() keeps no answer shorter than min_ttl nor longer than max_ttl", async () => {
  const { clock, get } = cacheOver([found(["192.0.2.1"], 0), found(["192.0.2.2"], 86_400)]);
  assert.equal(await seen(get), "192.0.2.1 for 5");
  clock.advanceSeconds(5);
  assert.equal(await seen(get), "192.0.2.2 for 3600");
});

for (const reason of ["dns_timeout", "dns_server_failure", "dns_refused"] as const) {
  test(`get() keeps the last good answer after ${reason} and asks again after min_ttl`, async () => {
    const { clock, get, lookUps } = cacheOver([
      found(["192.0.2.1"], 30),
      failed(reason),
      found(["192.0.2.2"], 30),
    ]);
    await get();
    clock.advanceSeconds(30);
    assert.equal(await seen(get), "192.0.2.1 for 5 stale");
    clock.advanceSeconds(4);
    assert.equal(await seen(get), "192.0.2.1 for 1 stale");
    assert.equal(lookUps(), 2);
    clock.advanceSeconds(1);
    assert.equal(await seen(get), "192.0.2.2 for 30");
  });
}

for (const reason of ["dns_nxdomain", "dns_no_address"] as const) {
  test(`get() gives up the last good answer when the servers say ${reason}`, async () => {
    const { clock, get } = cacheOver([
      found(["192.0.2.1"], 30),
      failed(reason),
      failed("dns_timeout"),
    ]);
    await get();
    clock.advanceSeconds(30);
    assert.equal(await seen(get), reason);
    clock.advanceSeconds(5);
    assert.equal(await seen(get), "dns_timeout");
  });
}

test("get() keeps a failure for min_ttl", async () => {
  const { clock, get, lookUps } = cacheOver([failed("dns_nxdomain"), found(["192.0.2.1"], 30)]);
  assert.equal(await seen(get), "dns_nxdomain");
  clock.advanceSeconds(4);
  assert.equal(await seen(get), "dns_nxdomain");
  assert.equal(lookUps(), 1);
  clock.advanceSeconds(1);
  assert.equal(await seen(get), "192.0.2.1 for 30");
});

test("get() does not use a good answer for longer than a day", async () => {
  const { clock, get } = cacheOver([found(["192.0.2.1"], 30), failed("dns_timeout")]);
  await get();
  clock.advanceSeconds(86_399);
  assert.equal(await seen(get), "192.0.2.1 for 5 stale");
  clock.advanceSeconds(5);
  assert.equal(await seen(get), "dns_timeout");
});

test("get() keeps the old addresses of a family whose question failed", async () => {
  const { clock, get } = cacheOver([
    found(["192.0.2.1", "2001:db8::1"], 30),
    found(["192.0.2.2"], 30, ["ipv6"]),
    found(["192.0.2.2"], 30),
  ]);
  await get();
  clock.advanceSeconds(30);
  assert.equal(await seen(get), "192.0.2.2 2001:db8::1 for 5 stale");
  clock.advanceSeconds(5);
  assert.equal(await seen(get), "192.0.2.2 for 30");
});

test("get() asks again soon for a family that never answered", async () => {
  const { get } = cacheOver([found(["192.0.2.1"], 30, ["ipv6"])]);
  assert.equal(await seen(get), "192.0.2.1 for 5");
});

/** A look-up that hangs until the test ends it. */
function hanging() {
  const begun: { readonly name: string; readonly signal: AbortSignal }[] = [];
  const ends: ((answer: Answer) => void)[] = [];
  const lookUp: LookUp = (name, signal) => {
    begun.push({ name, signal });
    return new Promise((resolve, reject) => {
      ends.push(resolve);
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  };
  return { begun, end: (answer: Answer) => ends.shift()?.(answer), lookUp };
}

test("get() shares one look-up among all who ask meanwhile", async () => {
  const { begun, end, lookUp } = hanging();
  const answers = new Answers({ clock: fakeClock(), lookUp, limits });
  const all = Promise.all([1, 2, 3].map(() => answers.get("www.example", never)));
  end(found(["192.0.2.1"], 30));
  const resolutions = await all;
  assert.equal(begun.length, 1);
  assert.ok(resolutions.every(({ kind }) => kind === "resolved"));
});

test("get() leaves the look-up to the others when one of them goes", async () => {
  const { begun, end, lookUp } = hanging();
  const answers = new Answers({ clock: fakeClock(), lookUp, limits });
  const going = new AbortController();
  const gone = new Error("gone");
  const first = answers.get("www.example", going.signal);
  const second = answers.get("www.example", never);
  going.abort(gone);
  await assert.rejects(first, gone);
  assert.equal(begun[0]?.signal.aborted, false);
  end(found(["192.0.2.1"], 30));
  assert.equal((await second).kind, "resolved");
});

test("get() cancels the look-up when the last one goes, and begins anew for the next", async () => {
  const { begun, end, lookUp } = hanging();
  const answers = new Answers({ clock: fakeClock(), lookUp, limits });
  const going = new AbortController();
  const first = answers.get("www.example", going.signal);
  going.abort();
  await assert.rejects(first);
  assert.equal(begun[0]?.signal.aborted, true);
  const second = answers.get("www.example", never);
  end(found(["192.0.2.1"], 30)); // the cancelled one
  end(found(["192.0.2.2"], 30));
  const resolution = await second;
  assert.equal(begun.length, 2);
  assert.ok(resolution.kind === "resolved");
  assert.equal(resolution.addresses[0]?.text, "192.0.2.2");
});

test("get() forgets the name that was not asked for longest when it has too many", async () => {
  const asked: string[] = [];
  const lookUp: LookUp = async (name) => {
    asked.push(name);
    return found(["192.0.2.1"], 30);
  };
  const answers = new Answers({ clock: fakeClock(), lookUp, limits, maxNames: 2 });
  for (const name of ["a", "b", "a", "c", "a", "b"]) await answers.get(name, never);
  assert.deepEqual(asked, ["a", "b", "c", "b"]);
});
