import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { StandStills } from "../../../src/icmp/loop/stand-stills.ts";

/** One tick: monotonic seconds since the one before, and what happened meanwhile. */
type Tick = {
  readonly after: number;
  readonly stepped?: number;
  /** Seconds the machine was suspended, which the monotonic clock does not count. */
  readonly suspended?: number;
};

const START = 100;

function lived(ticks: readonly Tick[]): {
  readonly stills: StandStills;
  readonly told: unknown[];
} {
  let suspendedSeconds = 7;
  let now = START;
  const stills = new StandStills(() => suspendedSeconds);
  const told: unknown[] = [];
  for (const { after, stepped = 0, suspended = 0 } of ticks) {
    const previous = now;
    now += after;
    suspendedSeconds += suspended;
    told.push(stills.look(previous, now, stepped));
  }
  return { stills, told };
}

describe("look()", () => {
  const cases: readonly {
    readonly name: string;
    readonly ticks: readonly Tick[];
    readonly told: readonly unknown[];
  }[] = [
    { name: "ticks in time are nothing", ticks: [{ after: 0.25 }], told: [undefined] },
    { name: "a busy machine is nothing", ticks: [{ after: 0.99 }], told: [undefined] },
    {
      name: "a second without a tick is a stopped process",
      ticks: [{ after: 3 }],
      told: [{ kind: "stopped", seconds: 3 }],
    },
    {
      name: "a suspension is seen by the clock of the time since boot",
      ticks: [{ after: 0.01, stepped: 60, suspended: 60 }],
      told: [{ kind: "suspended", seconds: 60 }],
    },
    {
      name: "a clock set forward is no suspension",
      ticks: [{ after: 0.01, stepped: 60 }],
      told: [undefined],
    },
    {
      name: "a clock set back is no suspension",
      ticks: [{ after: 0.01, stepped: -60 }],
      told: [undefined],
    },
    {
      name: "a clock set forward in a stopped process is a stopped process",
      ticks: [{ after: 2, stepped: 60 }],
      told: [{ kind: "stopped", seconds: 2 }],
    },
    {
      name: "a suspension in a tick that was late anyhow is a suspension",
      ticks: [{ after: 2, stepped: 60, suspended: 60 }],
      told: [{ kind: "suspended", seconds: 60 }],
    },
    {
      name: "the time before the first tick, and each suspension, counts once",
      ticks: [
        { after: 0.01, stepped: 60, suspended: 60 },
        { after: 0.01, stepped: 5 },
        { after: 0.01, stepped: 10, suspended: 10 },
      ],
      told: [{ kind: "suspended", seconds: 60 }, undefined, { kind: "suspended", seconds: 10 }],
    },
  ];
  for (const { name, ticks, told } of cases) {
    test(name, () => assert.deepEqual(lived(ticks).told, told));
  }
});

describe("mayHaveEaten()", () => {
  const stopped: readonly Tick[] = [{ after: 1 }];
  const suspended: readonly Tick[] = [{ after: 0.5, stepped: 60, suspended: 60 }];
  const cases = [
    { name: "nothing happened", ticks: [], sent: 99, deadline: 101, counted: false, may: false },
    {
      name: "the process was stopped over its deadline, and nobody counts drops",
      ticks: stopped,
      sent: 99.5,
      deadline: 100.5,
      counted: false,
      may: true,
    },
    {
      name: "the process was stopped, but the kernel counts what it drops",
      ticks: stopped,
      sent: 99.5,
      deadline: 100.5,
      counted: true,
      may: false,
    },
    {
      name: "the machine was suspended, though the kernel counts what it drops",
      ticks: suspended,
      sent: 99.5,
      deadline: 100.5,
      counted: true,
      may: true,
    },
    {
      name: "it was sent after the process ran again",
      ticks: stopped,
      sent: 101.1,
      deadline: 102,
      counted: false,
      may: false,
    },
    {
      name: "its deadline passed before the process was stopped",
      ticks: stopped,
      sent: 98,
      deadline: 99.9,
      counted: false,
      may: false,
    },
    {
      name: "the machine was suspended, and slow to wake up",
      ticks: [...suspended, { after: 1.2 }],
      sent: 99.5,
      deadline: 109.5,
      counted: true,
      may: true,
    },
    {
      name: "the second of two stand-stills is over it",
      ticks: [{ after: 1 }, { after: 0.1 }, { after: 2 }],
      sent: 101.05,
      deadline: 103,
      counted: false,
      may: true,
    },
  ];
  for (const { name, ticks, sent, deadline, counted, may } of cases) {
    test(`${may ? "yes" : "no"}: ${name}`, () => {
      assert.equal(lived(ticks).stills.mayHaveEaten(sent, deadline, counted), may);
    });
  }
});
