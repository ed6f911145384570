import { constants, open } from "node:fs/promises";
import type { Clock } from "../runtime/clock.ts";

/** Files kept, and the largest one worth keeping; a larger one is read anew each time. */
const MAX_KEPT_FILES = 256;
const MAX_KEPT_BYTES = 2 ** 20;

export type FileRead =
  /** `version` changes whenever the file does. */
  | { readonly kind: "read"; readonly bytes: Buffer; readonly version: string }
  | { readonly kind: "failed"; readonly detail: string };

/** A look opens, asks and closes: three turns in a pool of threads that everything shares. */
const LOOK_SECONDS = 1;

type Kept = { readonly bytes: Buffer; readonly version: string; readonly lookedAtSeconds: number };

/**
 * Files that a module names, looked at for a probe (at most once a second) and read again only when
 * their time, size or inode has changed.
 */
export class FileCache {
  readonly #clock: Pick<Clock, "monotonicSeconds">;
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Pick<Clock, "monotonicSeconds">) {
    this.#clock = clock;
  }

  /** Reads a whole file of at most `maxBytes`. What is no regular file is refused: a pipe would block. */
  async read(path: string, maxBytes: number): Promise<FileRead> {
    const nowSeconds = this.#clock.monotonicSeconds();
    const known = this.#kept.get(path);
    const isFresh = known !== undefined && nowSeconds - known.lookedAtSeconds < LOOK_SECONDS;
    if (isFresh && known.bytes.length <= maxBytes) {
      return { kind: "read", bytes: known.bytes, version: known.version };
    }
    try {
      // Without O_NONBLOCK the open of a pipe waits for its writer, in a thread that others need.
      await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const status = await file.stat({ bigint: true });
      if (!status.isFile()) return { kind: "failed", detail: `${path} is not a regular file` };
      if (status.size > maxBytes) {
        return {
          kind: "failed",
          detail: `${path} has ${status.size} bytes, at most ${maxBytes} are read`,
        };
      }
      const version = `${path}:${status.ino}:${status.mtimeNs}:${status.size}`;
      if (known?.version === version) {
        this.#keep(path, { ...known, lookedAtSeconds: nowSeconds });
        return { kind: "read", bytes: known.bytes, version };
      }
      const buffer = Buffer.alloc(Number(status.size));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      const bytes = buffer.subarray(0, bytesRead);
      this.#keep(path, { bytes, version, lookedAtSeconds: nowSeconds });
      return { kind: "read", bytes, version };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { kind: "failed", detail: `cannot read ${path}: ${why}` };
    }
  }

  /** The text of a file that holds one secret, without the white space around it. */
  async readSecret(
    path: string,
    maxBytes: number,
  ): Promise<{ readonly kind: "read"; readonly text: string } | (FileRead & { kind: "failed" })> {
    const read = await this.read(path, maxBytes);
    return read.kind === "failed"
      ? read
      : { kind: "read", text: read.bytes.toString("utf8").trim() };
  }

  #keep(path: string, file: Kept): void {
    this.#kept.delete(path);
    if (file.bytes.length > MAX_KEPT_BYTES) return;
    this.#kept.set(path, file);
    if (this.#kept.size <= MAX_KEPT_FILES) return;
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined) this.#kept.delete(oldest);
  }
}
