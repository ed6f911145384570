import { type FileHandle, open, stat } from "node:fs/promises";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";

/** A change is seen at the next use after this; until then a use costs nothing. */
const CHECK_INTERVAL_SECONDS = 1;

/** What tells one content of a file from another without reading it. */
type Identity = string;
const ABSENT: Identity = "absent";

/**
 * A small text file, parsed, and read again when it has changed.
 *
 * Looked at only when used, so no timer and no watcher outlives its user; inotify would also miss
 * files that are bind-mounted and replaced, as container runtimes do with resolv.conf.
 */
export class WatchedFile<T> {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #parse: (text: string) => T;
  readonly #clock: Clock;
  readonly #log: Logger;
  #value: T;
  #identity: Identity | undefined;
  #problem: string | undefined;
  #checkAgainSeconds = Number.NEGATIVE_INFINITY;
  #checking: Promise<void> | undefined;

  /** @param options.parse Gets the empty text when the file is not there. */
  constructor(options: {
    readonly path: string;
    readonly maxBytes: number;
    readonly parse: (text: string) => T;
    readonly clock: Clock;
    readonly log: Logger;
  }) {
    this.#path = options.path;
    this.#maxBytes = options.maxBytes;
    this.#parse = options.parse;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#value = options.parse("");
  }

  /** The content as of at most a second ago. A file that cannot be read keeps what it last said. */
  async current(): Promise<T> {
    if (this.#clock.monotonicSeconds() >= this.#checkAgainSeconds) {
      this.#checking ??= this.#check().finally(() => {
        this.#checking = undefined;
        this.#checkAgainSeconds = this.#clock.monotonicSeconds() + CHECK_INTERVAL_SECONDS;
      });
      await this.#checking;
    }
    return this.#value;
  }

  async #check(): Promise<void> {
    try {
      const found = await identityOf(this.#path);
      if (found === this.#identity) return;
      this.#value = this.#parse(found === ABSENT ? "" : await this.#read());
      if (this.#identity !== undefined) {
        this.#log.info("Name resolution file changed", { path: this.#path });
      }
      this.#identity = found;
      this.#problem = undefined;
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      // Tried again at every check, but said once.
      if (problem === this.#problem) return;
      this.#problem = problem;
      this.#log.warn("Cannot read name resolution file", { path: this.#path, error: problem });
    }
  }

  async #read(): Promise<string> {
    const file = await open(this.#path, "r");
    try {
      const content = await readUpTo(file, this.#maxBytes + 1);
      if (content.length <= this.#maxBytes) return content.toString("utf8");
      this.#log.warn("Name resolution file is too large: its end is not used", {
        path: this.#path,
        maxBytes: this.#maxBytes,
      });
      const lastLineEnd = content.lastIndexOf(0x0a, this.#maxBytes - 1);
      return content.toString("utf8", 0, lastLineEnd + 1);
    } finally {
      await file.close();
    }
  }
}

async function identityOf(path: string): Promise<Identity> {
  try {
    const found = await stat(path, { bigint: true });
    // A pipe or a device would hold the reader up for ever.
    if (!found.isFile()) throw new Error(`${path} is not a regular file`);
    return `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs}`;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return ABSENT;
    throw error;
  }
}

async function readUpTo(file: FileHandle, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  while (total < maxBytes) {
    const chunk = Buffer.alloc(Math.min(65_536, maxBytes - total));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
    if (bytesRead === 0) break;
    chunks.push(chunk.subarray(0, bytesRead));
    total += bytesRead;
  }
  return Buffer.concat(chunks);
}
