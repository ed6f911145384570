import type { Part } from "./wire.ts";

export type RecordCase = {
  readonly name: string;
  readonly type: number;
  readonly data: Part;
  /** What stands behind the owner, TTL, class and type. */
  readonly want: string;
};
