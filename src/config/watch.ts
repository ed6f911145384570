import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import type { Logger } from "../runtime/log.ts";
import { MAX_FILE_BYTES } from "./yaml.ts";

/** Calls back once, after so many seconds or a little more. @returns what takes it back. */
export type SetTimer = (callback: () => void, afterSeconds: number) => () => void;

/**
 * Looks at the configuration file every now and then, and has it read again when its content differs
 * from what was seen before. By content, not by time or inode: a file in a container is often a chain
 * of links that is swapped.
 *
 * A content is handed on once: one that was refused is not tried again until it changes.
 */
export class ConfigWatch {
  readonly #intervalSeconds: number;
  readonly #setTimer: SetTimer;
  readonly #read: () => Promise<Uint8Array | string>;
  readonly #reload: () => Promise<unknown>;
  readonly #log: Logger;
  #seen: string;
  #isReadable = true;
  #state: "watching" | "stopped" = "watching";
  #cancelTimer = (): void => {};

  constructor(options: {
    /** From the end of one look to the next. */
    readonly intervalSeconds: number;
    readonly setTimer: SetTimer;
    /** Rejects when the file cannot be read now. */
    readonly read: () => Promise<Uint8Array | string>;
    /** What the configuration in force was made of. */
    readonly inForce: Uint8Array | string;
    /** Tells the log by itself what became of it; rejects when the agent is at fault. */
    readonly reload: () => Promise<unknown>;
    readonly log: Logger;
  }) {
    this.#intervalSeconds = options.intervalSeconds;
    this.#setTimer = options.setTimer;
    this.#read = options.read;
    this.#reload = options.reload;
    this.#log = options.log;
    this.#seen = hashOf(options.inForce);
    this.#plan();
  }

  /** No reload begins after this; one under way goes on. */
  stop(): void {
    this.#state = "stopped";
    this.#cancelTimer();
  }

  #plan(): void {
    if (this.#state === "stopped") return;
    this.#cancelTimer = this.#setTimer(() => void this.#look(), this.#intervalSeconds);
  }

  /** Never rejects; the next look is planned at its end, so two never meet. */
  async #look(): Promise<void> {
    const content = await this.#content();
    if (content !== undefined && this.#state === "watching") await this.#compare(hashOf(content));
    this.#plan();
  }

  async #compare(hash: string): Promise<void> {
    if (hash === this.#seen) return;
    try {
      await this.#reload();
      this.#seen = hash;
    } catch (error) {
      this.#log.error("Cannot reload the configuration", { error: sentenceOf(error) });
    }
  }

  /** A file that is missing for a moment is being replaced; one that stays away is said once. */
  async #content(): Promise<Uint8Array | string | undefined> {
    try {
      const content = await this.#read();
      this.#isReadable = true;
      return content;
    } catch (error) {
      if (this.#isReadable) {
        this.#log.warn("Cannot look for changes of the configuration file", {
          error: sentenceOf(error),
        });
      }
      this.#isReadable = false;
      return undefined;
    }
  }
}

function hashOf(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("base64");
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * The bytes of the configuration file, for a watch.
 *
 * @throws when it is none that could be loaded: not there, no file, or too large.
 */
export async function readConfigFile(path: string): Promise<Uint8Array> {
  const facts = await stat(path);
  // A pipe would hold the reader, a device would never end.
  if (!facts.isFile()) throw new Error(`Cannot watch ${path}: it is not a file`);
  if (facts.size > MAX_FILE_BYTES) {
    throw new Error(`Cannot watch ${path}: it is larger than ${MAX_FILE_BYTES / 2 ** 20} MiB`);
  }
  return readFile(path);
}
