import { ADDRESS_WORDS } from "../transport.ts";
import { BATCH_NUMBERS, batchMark } from "./batch-mark.ts";
import { grown, roomFor } from "./column.ts";

/** Stream numbers fit 24 bits; a handle is a number with a generation of 8 bits above it. */
export const MAX_STREAMS = 0xff_ffff;

/** What the loop needs to know of a stream, already in the transport's terms. */
export type StreamSettings = {
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly payloadBytes: number;
  readonly echoesPerInterval: number;
  readonly echoSpacingSeconds: number;
  /** Index of the transport (one for each family). */
  readonly transport: number;
  /** Socket of the transport. */
  readonly profile: number;
  /** Socket address; undefined sends nothing. */
  readonly address: Uint32Array | undefined;
  /** One echo, now, whose end is told instead of tallied. */
  readonly isOneShot: boolean;
};

/**
 * Settings of every stream, in columns by number. [hot]
 *
 * A number is used again after its stream was removed; the generation in the handle keeps the old stream's
 * echoes, still in flight, from counting for the new one. The address before the last change stays known, so that
 * a reply to an echo sent before it still counts.
 */
export class Streams {
  #rows = 0;
  #highest = 0;
  #generation = new Uint8Array(0);
  #isThere = new Uint8Array(0);
  #isSending = new Uint8Array(0);
  #isOneShot = new Uint8Array(0);
  #addresses = new Uint32Array(0);
  #previousAddresses = new Uint32Array(0);
  #transport = new Uint8Array(0);
  #profile = new Uint8Array(0);
  #payloadBytes = new Uint16Array(0);
  #intervalSeconds = new Float64Array(0);
  #timeoutSeconds = new Float64Array(0);
  #spacingSeconds = new Float64Array(0);
  #echoesPerInterval = new Uint8Array(0);
  #echoInBatch = new Uint8Array(0);
  #batch = new Uint16Array(0);

  /** Rows there are room for; a caller sizes its own columns by it. */
  get rows(): number {
    return this.#rows;
  }

  /** The highest number ever used. */
  get highest(): number {
    return this.#highest;
  }

  /** Makes room for numbers below `rows`; at once for many streams, so that growing makes no garbage. */
  reserve(rows: number): void {
    if (rows <= this.#rows) return;
    const wanted = roomFor(rows, this.#rows);
    this.#generation = grown(this.#generation, new Uint8Array(wanted));
    this.#isThere = grown(this.#isThere, new Uint8Array(wanted));
    this.#isSending = grown(this.#isSending, new Uint8Array(wanted));
    this.#isOneShot = grown(this.#isOneShot, new Uint8Array(wanted));
    this.#addresses = grown(this.#addresses, new Uint32Array(wanted * ADDRESS_WORDS));
    this.#previousAddresses = grown(
      this.#previousAddresses,
      new Uint32Array(wanted * ADDRESS_WORDS),
    );
    this.#transport = grown(this.#transport, new Uint8Array(wanted));
    this.#profile = grown(this.#profile, new Uint8Array(wanted));
    this.#payloadBytes = grown(this.#payloadBytes, new Uint16Array(wanted));
    this.#intervalSeconds = grown(this.#intervalSeconds, new Float64Array(wanted));
    this.#timeoutSeconds = grown(this.#timeoutSeconds, new Float64Array(wanted));
    this.#spacingSeconds = grown(this.#spacingSeconds, new Float64Array(wanted));
    this.#echoesPerInterval = grown(this.#echoesPerInterval, new Uint8Array(wanted));
    this.#echoInBatch = grown(this.#echoInBatch, new Uint8Array(wanted));
    this.#batch = grown(this.#batch, new Uint16Array(wanted));
    this.#rows = wanted;
  }

  /** A new stream under `number`, which no present stream has. */
  add(number: number, settings: StreamSettings): void {
    this.reserve(number + 1);
    this.#highest = Math.max(this.#highest, number);
    this.#renew(number);
    this.#isThere[number] = 1;
    this.#echoInBatch[number] = 0;
    this.#batch[number] = 0;
    this.#addresses.fill(0, number * ADDRESS_WORDS, (number + 1) * ADDRESS_WORDS);
    this.set(number, settings);
    this.#previousAddresses.set(this.#addressOf(number), number * ADDRESS_WORDS);
  }

  /** Changes a stream; its echoes in flight still end under their old deadlines. @returns whether its address changed. */
  set(number: number, settings: StreamSettings): boolean {
    // Replies to echoes of another size could not be checked: those in flight are forgotten.
    if (this.#payloadBytes[number] !== settings.payloadBytes) this.#renew(number);
    this.#isSending[number] = settings.address === undefined ? 0 : 1;
    this.#isOneShot[number] = settings.isOneShot ? 1 : 0;
    this.#payloadBytes[number] = settings.payloadBytes;
    this.#intervalSeconds[number] = settings.intervalSeconds;
    this.#timeoutSeconds[number] = settings.timeoutSeconds;
    this.#spacingSeconds[number] = settings.echoSpacingSeconds;
    this.#echoesPerInterval[number] = settings.echoesPerInterval;
    // Without an address the stream keeps the socket that its echoes in flight went by.
    if (settings.address === undefined) return false;
    this.#transport[number] = settings.transport;
    this.#profile[number] = settings.profile;
    const at = number * ADDRESS_WORDS;
    if (settings.address.every((word, i) => word === this.#addresses[at + i])) return false;
    this.#previousAddresses.set(this.#addressOf(number), at);
    this.#addresses.set(settings.address, at);
    return true;
  }

  #renew(number: number): void {
    this.#generation[number] = ((this.#generation[number] ?? 0) + 1) & 0xff;
  }

  #addressOf(number: number): Uint32Array {
    return this.#addresses.subarray(number * ADDRESS_WORDS, (number + 1) * ADDRESS_WORDS);
  }

  remove(number: number): void {
    this.#isThere[number] = 0;
    this.#isSending[number] = 0;
  }

  has(number: number): boolean {
    return this.#isThere[number] === 1;
  }

  /** Names the stream for its echoes; never 0. */
  handleOf(number: number): number {
    return (((this.#generation[number] ?? 0) << 24) | number) >>> 0;
  }

  /** The stream an echo belongs to; 0 when it is gone. */
  numberOf(handle: number): number {
    const number = handle & 0xff_ffff;
    const isCurrent = this.#isThere[number] === 1 && this.#generation[number] === handle >>> 24;
    return isCurrent ? number : 0;
  }

  /** Counts an echo about to be sent. @returns the mark of its batch. */
  beginEcho(number: number): number {
    const echo = this.#echoInBatch[number] ?? 0;
    if (echo === 0) this.#batch[number] = ((this.#batch[number] ?? 0) + 1) % BATCH_NUMBERS;
    const isLast = echo + 1 >= (this.#echoesPerInterval[number] ?? 1);
    this.#echoInBatch[number] = isLast ? 0 : echo + 1;
    return batchMark(this.#batch[number] ?? 0, isLast);
  }

  /** Whether the next echo is the first of a new batch. */
  isAtBatchEnd(number: number): boolean {
    return this.#echoInBatch[number] === 0;
  }

  /** Echoes of the present batch that were sent; 0 when the next one begins a batch. */
  echoInBatchOf(number: number): number {
    return this.#echoInBatch[number] ?? 0;
  }

  /** Gives up the rest of a batch: without its last echo it decides nothing, and the next one does. */
  skipBatch(number: number): void {
    this.#echoInBatch[number] = 0;
  }

  isSending(number: number): boolean {
    return this.#isSending[number] === 1;
  }

  isOneShot(number: number): boolean {
    return this.#isOneShot[number] === 1;
  }

  /** Socket addresses of all streams; a stream's begins at `addressWordOf`. */
  get addresses(): Uint32Array {
    return this.#addresses;
  }

  /** The same for the address each stream had before the last change. */
  get previousAddresses(): Uint32Array {
    return this.#previousAddresses;
  }

  addressWordOf(number: number): number {
    return number * ADDRESS_WORDS;
  }

  transportOf(number: number): number {
    return this.#transport[number] ?? 0;
  }

  profileOf(number: number): number {
    return this.#profile[number] ?? 0;
  }

  payloadBytesOf(number: number): number {
    return this.#payloadBytes[number] ?? 0;
  }

  intervalSecondsOf(number: number): number {
    return this.#intervalSeconds[number] ?? 0;
  }

  timeoutSecondsOf(number: number): number {
    return this.#timeoutSeconds[number] ?? 0;
  }

  spacingSecondsOf(number: number): number {
    return this.#spacingSeconds[number] ?? 0;
  }

  echoesPerIntervalOf(number: number): number {
    return this.#echoesPerInterval[number] ?? 0;
  }
}
