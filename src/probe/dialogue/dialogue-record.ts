import type { DialogueFacts } from "../prober.ts";

/** What a dialogue has learnt so far; an ending of any kind reads its facts from here. */
export type DialogueRecord = { -readonly [K in keyof DialogueFacts]: DialogueFacts[K] };

export function emptyDialogueRecord(): DialogueRecord {
  return {
    isFailedByRegexp: false,
    isFailedByBytes: false,
    expectInfo: undefined,
    isConnected: false,
    tls: undefined,
  };
}
