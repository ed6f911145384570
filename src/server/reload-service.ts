/** What became of an order to read the configuration file again. */
export type ReloadResult =
  /** The new configuration is in force. */
  | { readonly kind: "reloaded" }
  /** The file says what it said before: nothing was touched. */
  | { readonly kind: "unchanged" }
  /** The file is not valid, or what it asks for cannot be had: nothing was touched. One sentence says why. */
  | { readonly kind: "refused"; readonly sentence: string };

/** Reads the file again and puts it in force when it is whole. Rejects only when the agent is at fault. */
export type Reload = () => Promise<ReloadResult>;
