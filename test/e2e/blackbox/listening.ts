import { once } from "node:events";
import type { Server, Socket } from "node:net";

/** Closes something that a suite has opened. */
export type Close = () => Promise<void>;

/** Listens on this port of both loopback addresses' families, or of one. @returns what closes it, connections included. */
export async function listenOn(
  server: Server,
  port: number,
  host: "127.0.0.1" | "::1" = "127.0.0.1",
): Promise<Close> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // A prober may break off whenever it likes.
    socket.on("error", () => socket.destroy());
  });
  server.listen(port, host);
  await once(server, "listening");
  return async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((done) => server.close(() => done()));
  };
}

/** Closes all, also when one of them fails to. */
export async function closeAll(closes: readonly Close[]): Promise<void> {
  const results = await Promise.allSettled(closes.map((close) => close()));
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
