/** What comes in this time must fit: longer than the thread ever sleeps, … */
const BUFFERED_SECONDS = 0.25;
/** … doubled, a reply taking a kibibyte of it with the kernel's bookkeeping. */
const BYTES_PER_REPLY = 2 * 1024;

/** Receive buffer that so many echoes a second need, as the kernel accounts it (it doubles what was asked for). */
export function wantedBufferBytes(echoesPerSecond: number): number {
  return Math.ceil(echoesPerSecond * BUFFERED_SECONDS * BYTES_PER_REPLY);
}

/** How many echoes a second a buffer is enough for. @param bufferBytes As the kernel accounts it. */
export function bufferedEchoesPerSecond(bufferBytes: number): number {
  return Math.floor(bufferBytes / (BYTES_PER_REPLY * BUFFERED_SECONDS));
}
