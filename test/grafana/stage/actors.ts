import type { HostScript } from "../../netlab/script.ts";

/** A host of the lab: what it does at a moment of the play, 0 at its beginning, 1 at its end. */
export type Actor = {
  readonly name: string;
  /** All that the name ever leads to. */
  readonly addresses: readonly string[];
  /** When it leads to the next of them. */
  readonly movesAt?: number;
  readonly script: (moment: number) => HostScript;
  /** Setting a script counts its requests anew, so what befalls every fifth of them is set once. */
  readonly isSetOnce?: boolean;
};

/** Where a name leads at a moment. */
export function addressAt({ addresses, movesAt = 1 }: Actor, moment: number): string {
  const [first = "", next = first] = addresses;
  return moment < movesAt ? first : next;
}

/** A bell between two moments: 0 outside, 1 in the middle. */
export function bell(moment: number, from: number, to: number): number {
  if (moment <= from || moment >= to) return 0;
  return Math.sin((Math.PI * (moment - from)) / (to - from)) ** 2;
}

/** The star: it becomes slow, loses more and more, changes its path, and at last its address. */
export const STAR = "lisbon.example.net";

function starLoss(moment: number): number {
  if (moment > 0.3 && moment < 0.4) return 0.03;
  if (moment >= 0.4 && moment < 0.5) return 0.35;
  if (moment >= 0.75 && moment < 0.82) return 0.7;
  return 0;
}

/** Loss of every degree that the page of a target has a colour for, from the first echo to the last. */
const LOSING_ALL_ALONG: readonly Actor[] = [
  { name: "vienna.example.net", address: "10.77.0.21", loss: { every: 80 } },
  { name: "riga.example.net", address: "10.77.0.22", loss: { every: 28 } },
  { name: "madrid.example.net", address: "10.77.0.23", loss: { every: 3 } },
  { name: "sofia.example.net", address: "10.77.0.24", loss: { probability: 0.75 } },
].map(({ name, address, loss }) => ({
  name,
  addresses: [address],
  isSetOnce: true,
  script: () => ({ delaySeconds: 0.009, jitterSeconds: 0.001, loss }),
}));

export const ACTORS: readonly Actor[] = [
  {
    name: "berlin.example.net",
    addresses: ["10.77.0.1"],
    script: () => ({ delaySeconds: 0.011, jitterSeconds: 0.0015, hopLimit: 58 }),
  },
  {
    name: STAR,
    addresses: ["10.77.0.2", "10.77.0.12"],
    movesAt: 0.62,
    script: (moment) => ({
      delaySeconds: 0.024 + 0.05 * bell(moment, 0.15, 0.6),
      jitterSeconds: 0.004 + 0.03 * bell(moment, 0.15, 0.6),
      hopLimit: moment < 0.25 ? 57 : 54,
      loss: { probability: starLoss(moment) },
    }),
  },
  {
    name: "oslo.example.net",
    addresses: ["fd77::3"],
    script: (moment) => ({
      delaySeconds: 0.04,
      jitterSeconds: 0.006,
      loss: { probability: 0.04 + 0.1 * bell(moment, 0.5, 0.9) },
    }),
  },
  {
    name: "bergen.example.net",
    addresses: ["10.77.0.4"],
    script: (moment) => ({
      delaySeconds: 0.018,
      jitterSeconds: 0.002,
      loss: { probability: moment > 0.45 && moment < 0.6 ? 1 : 0 },
    }),
  },
  {
    // One router behind it says why.
    name: "behind.example.net",
    addresses: ["10.77.0.5"],
    script: (moment) =>
      moment > 0.2 && moment < 0.9
        ? { error: { says: "net_unreachable", from: "10.98.0.1", when: { every: 2 } } }
        : { delaySeconds: 0.003 },
  },
  ...LOSING_ALL_ALONG,
  {
    // Answers in every wrong way there is, besides the right one.
    name: "odd.example.net",
    isSetOnce: true,
    addresses: ["10.77.0.6"],
    script: () => ({
      delaySeconds: 0.006,
      duplicate: { when: { every: 5 }, copies: 1 },
      late: { when: { every: 7 }, holdSeconds: 0.6 },
      corrupt: { when: { every: 9 }, damage: "payload" },
      reorder: { when: { every: 4 }, atMostSeconds: 0.25 },
    }),
  },
];

/** Its name leads nowhere. */
export const NAMELESS = "gone.example.net";
/** Nobody has the address. */
export const DEAD = "10.77.0.99";
/** The kernel has no way to it, and refuses to send. */
export const UNREACHABLE = "10.88.0.1";
