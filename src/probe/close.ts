import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/**
 * Ends a connection; it is gone afterwards.
 *
 * Behind TLS the last message of our handshake is still on its way when Node says that it is done, and a
 * server that never got it would log a broken handshake for every probe. So that one and close_notify
 * (RFC 8446 section 6.1) go out first. Whether they do says nothing about the target.
 *
 * @param signal Waits no longer than until it aborts.
 */
export async function close(socket: Socket, signal: AbortSignal): Promise<void> {
  if (!(socket instanceof TLSSocket) || socket.destroyed || signal.aborted) {
    socket.destroy();
    return;
  }
  let onAbort = (): void => {};
  await new Promise<void>((resolve) => {
    onAbort = resolve;
    signal.addEventListener("abort", onAbort, { once: true });
    // A reset while the goodbye is written.
    socket.once("error", () => resolve());
    socket.once("close", () => resolve());
    socket.end(() => resolve());
  });
  signal.removeEventListener("abort", onAbort);
  socket.destroy();
}
