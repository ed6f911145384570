import type { Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { type Failed, failed, failureOf } from "../failure.ts";

/** Longest line, its end not counted; blackbox_exporter's too. A thousand probes may each hold one that does not end. */
export const MAX_LINE_BYTES = 64 * 1024;
/** Most that is read from one connection; TLS after `starttls` counts anew. */
export const MAX_READ_BYTES = 16 * 2 ** 20;
/** Most lines of one connection: each costs a search by a regular expression. */
export const MAX_LINES = 100_000;
/** Held unread before the kernel is left to hold the rest. */
const HIGH_WATER_BYTES = 64 * 1024;
/** Lines looked at in one turn of the event loop, which other probes need too. */
const LINES_PER_TURN = 500;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const NOTHING = Buffer.alloc(0);

/** What was read. At the end of the stream `ended` has what came too short. */
export type Heard =
  | { readonly kind: "heard"; readonly bytes: Buffer }
  | { readonly kind: "ended"; readonly bytes: Buffer }
  | Failed;

/** The other side of a dialogue: its bytes in order, and ours to it. One reader at a time. */
export class Peer {
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  /** What came and was not read yet: the bytes from `start` to `end`; behind `end` there may be room. */
  #held: Buffer = NOTHING;
  #start = 0;
  #end = 0;
  /** Of what is held, how much is known to have no line feed. */
  #searchedBytes = 0;
  #readBytes = 0;
  #lines = 0;
  #ending: "eof" | Failed | undefined;
  #wake: (() => void) | undefined;

  /** @param signal Destroys the socket; whoever waits then gets its reason thrown. */
  constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
    // As in Go: a peer that has said all it will say can still be spoken to.
    socket.allowHalfOpen = true;
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.on("error", this.#onError);
    socket.on("close", this.#onClose);
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Whether nothing more will come. */
  get isEnded(): boolean {
    return this.#ending !== undefined;
  }

  /**
   * The next line without its end, LF or CRLF. What stands after the last line feed when the peer ends
   * is a line too, unless it is empty.
   *
   * @throws the reason of the signal.
   */
  async line(): Promise<Heard> {
    if (this.#lines >= MAX_LINES) {
      return failed("expect_too_large", `the peer sent more than ${MAX_LINES} lines`);
    }
    for (;;) {
      const line = this.#takeLine();
      if (line !== undefined) return await this.#counted(line);
      if (this.#end - this.#start > MAX_LINE_BYTES) {
        return failed("expect_too_large", `a line is longer than ${MAX_LINE_BYTES} bytes`);
      }
      const ending = await this.#more();
      if (ending === undefined) continue;
      if (ending !== "eof") return ending;
      const rest = this.#take(this.#end - this.#start);
      if (rest.length === 0) return { kind: "ended", bytes: rest };
      return await this.#counted(withoutReturn(rest));
    }
  }

  /** Exactly so many bytes, however the peer cut them. @throws the reason of the signal. */
  async bytes(count: number): Promise<Heard> {
    for (;;) {
      if (this.#end - this.#start >= count) return { kind: "heard", bytes: this.#take(count) };
      const ending = await this.#more();
      if (ending === undefined) continue;
      if (ending !== "eof") return ending;
      return { kind: "ended", bytes: this.#take(this.#end - this.#start) };
    }
  }

  /** Ends once the kernel has the bytes. @throws the reason of the signal. */
  async write(bytes: Buffer): Promise<Failed | undefined> {
    this.#signal.throwIfAborted();
    if (this.#ending !== undefined && this.#ending !== "eof") return this.#ending;
    const failure = await new Promise<Failed | undefined>((resolve) => {
      this.#socket.write(bytes, (error) => {
        resolve(error ? failureOf(error, "dialogue") : undefined);
      });
    });
    this.#signal.throwIfAborted();
    return failure;
  }

  /** Lets go of the socket, which stands still then; what was not read is forgotten. */
  leave(): Socket {
    const socket = this.#socket;
    this.#signal.removeEventListener("abort", this.#onAbort);
    socket.off("data", this.#onData);
    socket.off("end", this.#onEnd);
    socket.off("error", this.#onError);
    socket.off("close", this.#onClose);
    socket.pause();
    this.#held = NOTHING;
    this.#start = 0;
    this.#end = 0;
    return socket;
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#readBytes += chunk.length;
    this.#hold(chunk);
    if (this.#end - this.#start > HIGH_WATER_BYTES) this.#socket.pause();
    this.#onNews();
  };
  readonly #onEnd = (): void => {
    this.#ending ??= "eof";
    this.#onNews();
  };
  readonly #onError = (error: Error): void => {
    this.#ending ??= failureOf(error, "dialogue");
    this.#onNews();
  };
  readonly #onClose = (): void => {
    this.#ending ??= failed("dialogue_closed", "the connection broke off");
    this.#onNews();
  };
  readonly #onAbort = (): void => {
    this.#socket.destroy();
    this.#onNews();
  };
  #onNews(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** Waits for news. @returns how the stream ended, if it has; undefined to look again. */
  async #more(): Promise<"eof" | Failed | undefined> {
    if (this.#readBytes > MAX_READ_BYTES) {
      return failed("expect_too_large", `the peer sent more than ${MAX_READ_BYTES} bytes`);
    }
    if (this.#ending !== undefined) return this.#ending;
    this.#signal.throwIfAborted();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#socket.isPaused()) this.#socket.resume();
    });
    this.#signal.throwIfAborted();
    return undefined;
  }

  async #counted(bytes: Buffer): Promise<Heard> {
    this.#lines += 1;
    if (this.#lines % LINES_PER_TURN === 0) {
      await setImmediate();
      this.#signal.throwIfAborted();
    }
    return { kind: "heard", bytes };
  }

  #takeLine(): Buffer | undefined {
    const unsearched = this.#held.subarray(this.#start + this.#searchedBytes, this.#end);
    const at = unsearched.indexOf(LINE_FEED);
    if (at === -1) {
      this.#searchedBytes += unsearched.length;
      return undefined;
    }
    const lineBytes = this.#searchedBytes + at;
    // It stays held then, which says that it is too long.
    if (lineBytes > MAX_LINE_BYTES) return undefined;
    const line = this.#take(lineBytes + 1);
    return withoutReturn(line.subarray(0, -1));
  }

  #take(count: number): Buffer {
    const taken = this.#held.subarray(this.#start, this.#start + count);
    this.#start += count;
    this.#searchedBytes = 0;
    return taken;
  }

  /** Appends; the room doubles, so that a line that comes byte by byte costs no more than its length. */
  #hold(chunk: Buffer): void {
    const heldBytes = this.#end - this.#start;
    if (heldBytes === 0) {
      this.#held = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      return;
    }
    if (this.#held.length - this.#end < chunk.length) {
      // Never moved within the old room: lines that were taken from it may still be looked at.
      const roomier = Buffer.allocUnsafe(2 * (heldBytes + chunk.length));
      this.#held.copy(roomier, 0, this.#start, this.#end);
      this.#held = roomier;
      this.#start = 0;
      this.#end = heldBytes;
    }
    chunk.copy(this.#held, this.#end);
    this.#end += chunk.length;
  }
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}
