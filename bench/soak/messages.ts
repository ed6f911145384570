/** What the soak asks of the process that holds the engine. */
export type SoakRequest =
  | {
      readonly kind: "start";
      /** More than `active`: those that are not probed wait for their turn. */
      readonly addresses: readonly string[];
      /** How many are probed at any time. */
      readonly active: number;
      /** How many targets are added, and how many removed, each second. */
      readonly changesPerSecond: number;
    }
  | { readonly kind: "finish" };

export type SoakReport =
  | { readonly kind: "started" }
  | ({ readonly kind: "finished" } & SoakCounts)
  | { readonly kind: "failed"; readonly problem: string };

/** Everything the engine counted, over all the lives of each address. */
export type SoakCounts = {
  readonly hosts: readonly HostCounts[];
  readonly changes: { readonly added: number; readonly removed: number };
  readonly scrapes: number;
  /** Samples of the last scrape. */
  readonly samples: number;
  readonly socketDrops: number;
  readonly missedTicks: number;
  readonly stampsMissing: number;
  readonly foreignPackets: number;
};

export type HostCounts = {
  readonly address: string;
  readonly echoes: number;
  readonly lost: number;
  readonly suspect: number;
  readonly unsent: number;
  readonly lateReplies: number;
  readonly duplicateReplies: number;
  readonly corruptReplies: number;
};
