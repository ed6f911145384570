import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Every open connection and the answers it still owes.
 *
 * Node's own `closeIdleConnections` leaves a connection alone that has sent nothing or half a request;
 * such a one would hold the end of the process.
 */
export class Connections {
  readonly #open = new Map<Socket, { readonly owed: Set<ServerResponse>; begun: number }>();
  readonly #maxRequests: number;
  #isClosing = false;

  /** @param maxRequests A connection ends after that many, so that no client keeps one for ever. */
  constructor(maxRequests: number) {
    this.#maxRequests = maxRequests;
  }

  opened(socket: Socket): void {
    this.#open.set(socket, { owed: new Set(), begun: 0 });
    socket.once("close", () => this.#open.delete(socket));
    if (this.#isClosing) socket.destroy();
  }

  /** Whether an answer is under way on the connection, so nothing else may be written to it. */
  isBusy(socket: Socket): boolean {
    return (this.#open.get(socket)?.owed.size ?? 0) > 0;
  }

  began(socket: Socket, response: ServerResponse): void {
    const connection = this.#open.get(socket);
    if (connection === undefined) return;
    const { owed } = connection;
    owed.add(response);
    connection.begun += 1;
    // Node's maxRequestsPerSocket would say so too, and then leave the connection open.
    if (this.#isClosing || connection.begun >= this.#maxRequests) announceEnd(response);
    response.once("close", () => {
      owed.delete(response);
      if (this.#isClosing && owed.size === 0) socket.destroySoon();
    });
  }

  /** Closes idle connections now, the others after the answers they owe. */
  close(): void {
    this.#isClosing = true;
    for (const [socket, { owed }] of this.#open) {
      if (owed.size === 0) socket.destroy();
      for (const response of owed) announceEnd(response);
    }
  }

  /** Cuts whatever is left. */
  cut(): void {
    for (const socket of this.#open.keys()) socket.destroy();
  }
}

function announceEnd(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader("Connection", "close");
}
