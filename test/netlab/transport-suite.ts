import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { LOSS_REASONS } from "../../src/icmp/echo.ts";
import type { TransportFigures } from "../../src/icmp/transport.ts";
import { sampleValue } from "../support/exposition.ts";
import { until } from "../support/until.ts";
import type { LabDevice } from "./device.ts";
import { assertCountsEqual, type IcmpFigures, type Scrape } from "./icmp-figures.ts";
import type { Lab } from "./lab.ts";
import {
  type EchoNow,
  type Measured,
  type Measurement,
  measuring,
  type Pace,
} from "./measuring.ts";
import { DEVICE, ip, nft } from "./network.ts";
import type { HostScript } from "./script.ts";
import {
  type Family,
  MARK,
  type Observed,
  SECOND_DEVICE,
  SECOND_SOURCES,
  TRANSPORT_CASES,
  type TransportCase,
} from "./transport-cases.ts";
import { type Contender, isLacking, LACKS, type Lack, lackOf } from "./transport-lacks.ts";

/** How a contender is run. */
export type Run = {
  readonly contender: Contender;
  readonly transport: TransportFigures["transport"];
  /** Slower for a transport that starts a process for each echo. */
  readonly pace: Pace;
  /** Every n-th echo of a host is often enough seen by then. */
  readonly echoesWanted: number;
  /** Targets besides those of the cases. */
  readonly crowdOfEachFamily: number;
  /** In the lab's network, before the agent starts. */
  readonly prepare?: () => void;
  /** Of the agent. */
  readonly environment?: Readonly<Record<string, string>>;
};

const FAMILIES = ["ipv4", "ipv6"] as const;
const ROUTERS = { ipv4: "10.98.0.1", ipv6: "fd98::1" } as const;
const OWN_ON_SECOND = ["10.99.1.1", "fd99:1::1"];
const SILENCE: HostScript = { loss: { probability: 1 } };
/** Room for the largest payload of the cases in one packet. */
const MTU_BYTES = 9000;
const CROWD_LOSSES = [0, 0.1, 0.5, 1] as const;
/** The program `ping` prints three digits, rounded. */
const ROUNDED_BY = 0.005;

const addressIn = (family: Family, subnet: number, number: number): string =>
  family === "ipv4" ? `10.91.${subnet}.${number}` : `fd91::${subnet}:${number.toString(16)}`;

type Placed = {
  readonly one: TransportCase;
  readonly family: Family;
  readonly name: string;
  readonly measured: Measured;
  /** Why it may fail; undefined when it must pass. */
  readonly lack: Lack | undefined;
};

function placedFor({ contender, pace }: Run): readonly Placed[] {
  return TRANSPORT_CASES.flatMap((one, index) =>
    (one.families ?? FAMILIES).map((family) => ({
      one,
      family,
      name: `${one.name} (${family})`,
      measured: {
        address: addressIn(family, 0, index + 1),
        script: one.script(ROUTERS[family], pace),
        module: one.module?.(family) ?? {},
      },
      lack: lackOf(contender, one.name, family),
    })),
  );
}

function crowdFor({ crowdOfEachFamily }: Run): readonly Measured[] {
  return FAMILIES.flatMap((family) =>
    Array.from({ length: crowdOfEachFamily }, (_, index) => {
      const probability = CROWD_LOSSES[index % CROWD_LOSSES.length] ?? 0;
      const script = { delaySeconds: 0.005 * (index % 20), loss: { probability } };
      return { address: addressIn(family, 1, index + 1), script };
    }),
  );
}

/** Hosts that are no targets: each answers an echo by hand with an ICMP error, or stays silent. */
const BY_HAND = FAMILIES.flatMap((family) =>
  LOSS_REASONS.map((says, index) => ({
    family,
    says,
    address: addressIn(family, 2, index + 1),
    router: ROUTERS[family],
  })),
);

/** A lack must not hide a case that nobody has thought of: it names those that it excuses. */
export function testLacks(contender: Contender): void {
  test(`what ${contender} lacks excuses cases that there are, each once`, () => {
    const excused = LACKS[contender].flatMap(({ cases }) => cases).map(withFamilies);
    const known = TRANSPORT_CASES.map(({ name }) => withFamilies(name));
    assert.deepEqual(
      excused.flat().filter((name) => !known.flat().includes(name)),
      [],
    );
    assert.equal(new Set(excused.flat()).size, excused.flat().length);
  });
}

function withFamilies(name: string): readonly string[] {
  const isOfOne = FAMILIES.some((family) => name.endsWith(` (${family})`));
  if (isOfOne) return [name];
  const families = TRANSPORT_CASES.find((one) => one.name === name)?.families ?? FAMILIES;
  return families.map((family) => `${name} (${family})`);
}

/** Runs all cases as tests of their own, in one lab with one agent. */
export async function conform(t: TestContext, run: Run): Promise<void> {
  const { transport, pace, environment = {} } = run;
  const placed = placedFor(run).filter(({ lack }) => lack?.shows !== "by_chance");
  const crowd = crowdFor(run);
  const targets = [...placed.map(({ measured }) => measured), ...crowd];
  const refused = new Set(
    placed.flatMap(({ lack, measured }) => (lack?.shows === "by_refusing" ? [measured] : [])),
  );
  const addresses = targets.filter((one) => !refused.has(one)).map(({ address }) => address);
  let second: LabDevice | undefined;
  const prepare = async (lab: Lab): Promise<void> => {
    second = await prepareNetwork(lab, placed);
    run.prepare?.();
  };
  const engine = { transport };
  const lab = { mtuBytes: MTU_BYTES };
  const options = { seed: 33, targets, lab, engine, pace, environment, prepare };
  await measuring(options, async (measurement) => {
    assert.ok(second !== undefined);
    const live = await measurement.untilMore(addresses, run.echoesWanted);
    const byHand = await askByHand(run, measurement, placed);
    const silent = await silence(measurement, second, addresses);
    const figuresOn = (page: Scrape, target: string): IcmpFigures =>
      asTrueAs(run, page.icmp({ target }));
    for (const { one, family, name, measured, lack } of placed) {
      const device = one.isBehindSecond === true ? second : measurement.lab;
      const target = measured.address;
      const record = await device.record(target);
      const [before, figures] = [figuresOn(live, target), figuresOn(silent, target)];
      const observed: Observed = { family, pace, live: before, figures, record };
      const lacks = lack === undefined ? "" : `without ${lack.feature}, because ${lack.because}: `;
      await t.test(`${lacks}${name}`, () => judge(one, lack, observed));
    }
    await t.test(`a crowd of ${crowd.length} targets has the record's counts`, async () => {
      for (const { address } of crowd) {
        const record = await measurement.lab.record(address);
        for (const page of [live, silent]) {
          assertCountsEqual(figuresOn(page, address), record, pace.timeoutSeconds);
        }
      }
    });
    await checkEngine(t, run, live);
    await checkByHand(t, run, byHand);
  });
}

/** Program times hold what the lab held but for their rounding, which may make less of them. */
function asTrueAs({ transport }: Run, figures: IcmpFigures): IcmpFigures {
  if (transport !== "ping") return figures;
  const { count, sumSeconds, buckets } = figures.rtt;
  const atMost = sumSeconds / (1 - ROUNDED_BY);
  // What is printed as no longer than one bound was no longer than the next, which is twice as far.
  const surely = buckets.map((bucket, at) => ({ ...bucket, count: buckets[at - 1]?.count ?? 0 }));
  return { ...figures, rtt: { count, sumSeconds: atMost, buckets: surely } };
}

function judge(one: TransportCase, lack: Lack | undefined, observed: Observed): void {
  const { figures, record } = observed;
  switch (lack?.shows) {
    case undefined:
      one.check(observed);
      return;
    case "by_failing":
      assert.ok(figures.echoes > 0);
      assert.throws(() => one.check(observed), assert.AssertionError, "not lacking any more");
      return;
    case "by_refusing":
      assert.deepEqual([record.totals.received, figures.echoes, figures.up], [0, 0, 0]);
      return;
    case "by_chance":
      return;
  }
}

/** Everything besides hosts that a case needs. */
async function prepareNetwork(lab: Lab, placed: readonly Placed[]): Promise<LabDevice> {
  for (const source of Object.values(SECOND_SOURCES)) {
    const [length, flags] = source.includes(":") ? [128, " nodad"] : [32, ""];
    ip(`address add ${source}/${length} dev ${DEVICE}${flags}`);
  }
  const second = lab.addDevice(SECOND_DEVICE, OWN_ON_SECOND);
  nft("add table inet suite; add chain inet suite out { type filter hook output priority 0; }");
  for (const { one, family, measured } of placed) {
    const { address, script, module = {} } = measured;
    if (one.isBehindSecond === true) await second.host(address, script);
    if (one.isProhibited === true)
      ip(`${family === "ipv6" ? "-6 " : ""}route add prohibit ${address}`);
    if (module["mark"] === undefined) continue;
    const to = family === "ipv4" ? `ip daddr ${address}` : `ip6 daddr ${address}`;
    nft(`add rule inet suite out ${to} meta mark != ${MARK} drop`);
  }
  await lab.hosts(
    BY_HAND.map(({ address, says, router }) => [address, { error: { says, from: router } }]),
  );
  return second;
}

/** Lets nothing more be answered, and waits until all that came before has been read. */
async function silence(
  { lab, untilMore }: Measurement,
  second: LabDevice,
  addresses: readonly string[],
): Promise<Scrape> {
  await lab.hosts(addresses.map((address) => [address, SILENCE]));
  for (const { address } of await second.records()) await second.host(address, SILENCE);
  await until(
    async () => (await lab.totals()).pending === 0 && (await second.totals()).pending === 0,
    { deadlineSeconds: 20, what: "the lab's last reply" },
  );
  // The second echo to end was sent into the silence, and before its end all replies were read.
  return untilMore(addresses, 2, await untilMore(addresses, 0));
}

/** What the engine says of itself. */
async function checkEngine(
  t: TestContext,
  { contender, transport }: Run,
  page: Scrape,
): Promise<void> {
  const stamp = isLacking(contender, "stamps") ? "send_call" : "kernel";
  for (const family of FAMILIES) {
    await t.test(`the agent says that ${transport} measures ${family}, by ${stamp}`, () => {
      const info = { family, transport, transmit_stamp: stamp };
      assert.equal(sampleValue(page.families, "sounder_agent_icmp_info", info), 1);
    });
  }
}

type ByHand = ReadonlyMap<string, EchoNow>;

/** All at once: a lost echo takes its timeout. */
async function askByHand(
  { contender }: Run,
  { echoNow }: Measurement,
  placed: readonly Placed[],
): Promise<ByHand> {
  const mayForbid = !isLacking(contender, "dont_fragment");
  const asked = [
    ...BY_HAND.map(({ address, says }) => ({
      address,
      isFragmentingForbidden: mayForbid && says === "packet_too_big",
    })),
    ...placed.flatMap(({ one, measured: { address } }) =>
      one.isProhibited === true ? [{ address, isFragmentingForbidden: false }] : [],
    ),
  ];
  return new Map(
    await Promise.all(
      asked.map(
        async ({ address, ...options }) => [address, await echoNow(address, options)] as const,
      ),
    ),
  );
}

/** What only an echo by hand tells: who reported an error, and the errno of a refusal. */
async function checkByHand(t: TestContext, run: Run, byHand: ByHand): Promise<void> {
  const isDeaf = isLacking(run.contender, "error_queue");
  for (const { says, family, address, router } of BY_HAND) {
    const what = isDeaf ? "is silence without error_queue" : "is told with who reported it";
    await t.test(`${says} ${what} (${family})`, () => {
      const { kind, reason, reportedBy } = byHand.get(address) ?? {};
      const told = isDeaf ? ["lost", undefined, undefined] : ["lost", says, router];
      assert.deepEqual([kind, reason, reportedBy], told);
    });
  }
  for (const { one, name, measured } of placedFor(run)) {
    if (one.isProhibited !== true) continue;
    await t.test(`an echo by hand is told its errno: ${name}`, () => {
      const { kind, reason } = byHand.get(measured.address) ?? {};
      assert.deepEqual([kind, reason], ["unsent", "EACCES"]);
    });
  }
}
