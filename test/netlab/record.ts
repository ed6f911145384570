/** What the script decided for one echo request, at its arrival. */
export const FATES = [
  /** The right reply was sent, after the scripted delay. */
  "answered",
  /** The right reply was sent, after the scripted time beyond the deadline. */
  "late",
  "lost",
  /** The host was down by its flap. */
  "down",
  /** Only a wrong packet of that kind was sent. */
  "corrupt",
  "truncated",
  "forged",
  "error",
] as const;
export type Fate = (typeof FATES)[number];

export const PACKET_KINDS = [
  "reply",
  "duplicate",
  "corrupt",
  "truncated",
  "forged",
  "error",
  "flood",
] as const;
export type PacketKind = (typeof PACKET_KINDS)[number];

/** One packet given to the kernel. The time was taken right before it was. */
export type Written = { readonly kind: PacketKind; readonly atSeconds: number };

/**
 * One echo request of a host, in order of arrival. Times are the monotonic clock of
 * `process.hrtime`, which is the same in every thread and process of the machine.
 */
export type RecordedEcho = {
  /** Taken right after the packet was read: the kernel's transmit stamp lies before it. */
  readonly arrivedAtSeconds: number;
  /** Source address, by which it can be told how it was sent. */
  readonly source: string;
  readonly identifier: number;
  readonly sequence: number;
  readonly payloadBytes: number;
  /** The first 32 bytes at most, in hexadecimal. */
  readonly payloadHex: string;
  readonly hopLimit: number;
  readonly trafficClass: number;
  /** IPv4's DF bit. */
  readonly isFragmentingForbidden: boolean;
  readonly fate: Fate;
  /** Packets sent because of it so far. */
  readonly written: readonly Written[];
  /**
   * From arrival to the writing of the first right reply. Every round-trip time measured between
   * the kernel's stamps is at least this. Undefined while there was none.
   */
  readonly heldSeconds: number | undefined;
};

/** Longest payload excerpt in a record. */
export const RECORDED_PAYLOAD_BYTES = 32;

export type Totals = {
  /** Echo requests; the fates add up to it. */
  readonly received: number;
  readonly fates: Readonly<Record<Fate, number>>;
  /** Packets sent so far. */
  readonly packets: Readonly<Record<PacketKind, number>>;
  /** Replies that were sent behind the one to a later request. */
  readonly reordered: number;
};

export type HostRecord = {
  readonly address: string;
  readonly totals: Totals;
  readonly echoes: readonly RecordedEcho[];
  /** Whether there were more echoes than the record keeps; the totals always hold all. */
  readonly isTruncated: boolean;
};

/** Everything that reached the lab. Those of `totals` are the sums over all hosts ever scripted. */
export type LabTotals = Totals & {
  /** Packets still waiting for their time. */
  readonly pending: number;
  /** Echo requests to addresses without a script: no answer, no record. */
  readonly unscripted: number;
  /** Packets that are no whole echo request: other protocols, fragments, wrong checksums. */
  readonly ignored: number;
  /** Packets the kernel would not take from the lab. */
  readonly refused: number;
  /** Packets the kernel dropped between the machine under test and the lab, in either direction. */
  readonly deviceDrops: number;
};

export type CountedTotals = {
  received: number;
  readonly fates: Record<Fate, number>;
  readonly packets: Record<PacketKind, number>;
  reordered: number;
};

export function zeroTotals(): CountedTotals {
  return {
    received: 0,
    fates: {
      answered: 0,
      late: 0,
      lost: 0,
      down: 0,
      corrupt: 0,
      truncated: 0,
      forged: 0,
      error: 0,
    },
    packets: {
      reply: 0,
      duplicate: 0,
      corrupt: 0,
      truncated: 0,
      forged: 0,
      error: 0,
      flood: 0,
    },
    reordered: 0,
  };
}

export function addTotals(sum: CountedTotals, more: Totals): void {
  sum.received += more.received;
  sum.reordered += more.reordered;
  for (const fate of FATES) sum.fates[fate] += more.fates[fate];
  for (const kind of PACKET_KINDS) sum.packets[kind] += more.packets[kind];
}
