export const CONTENDERS = [
  "raw",
  "dgram",
  "raw-socket",
  "ping of iputils",
  "ping of BusyBox",
] as const;
/** A transport, by whose program where that is one. */
export type ContenderName = (typeof CONTENDERS)[number];

/** All that a transport may lack. Nothing else is optional. */
export type Feature = "stamps" | "error_queue" | "dont_fragment" | "dscp" | "mark";

export const LACKS: Readonly<
  Record<ContenderName, Readonly<Partial<Record<Feature, string>>>>
> = {
  raw: {},
  dgram: {},
  "raw-socket": {
    stamps: "the package reads packets without control messages",
  },
  "ping of iputils": {
    stamps: "the program prints round-trip times, not stamps",
  },
  "ping of BusyBox": {
    stamps: "the program prints round-trip times, not stamps",
    dont_fragment: "x",
    dscp: "x",
    mark: "x",
  },
};
