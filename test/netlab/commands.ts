import type { HostRecord, LabTotals } from "./record.ts";
import type { HostScript } from "./script.ts";

/** What the responder's thread is started with. The descriptors stay the starter's to close. */
export type ResponderStart = {
  readonly deviceDescriptor: number;
  /** Readable when there is a command. */
  readonly wakeupDescriptor: number;
  readonly seed: number;
  readonly ownAddresses: readonly string[];
  readonly maxRecordedEchoes: number | undefined;
};

/** What the lab's main-thread side asks, and what each question is answered with. */
export type Answers = {
  readonly set: undefined;
  readonly record: HostRecord;
  readonly records: readonly HostRecord[];
  readonly totals: Omit<LabTotals, "deviceDrops">;
  readonly stop: undefined;
};

export type Command =
  | { readonly kind: "set"; readonly hosts: readonly (readonly [string, HostScript])[] }
  | { readonly kind: "record"; readonly address: string }
  | { readonly kind: "records" }
  | { readonly kind: "totals" }
  | { readonly kind: "stop" };

export type NumberedCommand = { readonly number: number; readonly command: Command };

export type NumberedAnswer =
  | { readonly number: number; readonly kind: "done"; readonly value: Answers[keyof Answers] }
  | { readonly number: number; readonly kind: "refused"; readonly problem: string };
