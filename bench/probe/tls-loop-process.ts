/** The limit for https: bare `tls.connect`, one request each, and nothing of a prober around it. */

import { connect, createSecureContext } from "node:tls";
import type { TlsLoopOrder, TlsLoopResult } from "./messages.ts";
import { SERVER_NAME } from "./modules.ts";

const REQUEST = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";

async function loop({ port, ca, clients, seconds }: TlsLoopOrder): Promise<TlsLoopResult> {
  const secureContext = createSecureContext({ ca });
  const begun = performance.now() / 1000;
  const usage = process.cpuUsage();
  let requests = 0;
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port, secureContext, servername: SERVER_NAME });
      socket.once("secureConnect", () => socket.write(REQUEST));
      socket.resume();
      socket.once("error", reject);
      socket.once("close", () => resolve());
    });
  const client = async (): Promise<void> => {
    while (performance.now() / 1000 - begun < seconds) {
      await one();
      requests += 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const { user, system } = process.cpuUsage(usage);
  return {
    requests,
    seconds: performance.now() / 1000 - begun,
    cpuSeconds: (user + system) / 1e6,
  };
}

process.on("message", (order: TlsLoopOrder) => {
  loop(order).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.on("disconnect", () => process.exit(0));
