import { createServer, type IncomingMessage } from "node:http";
import { freePort } from "../../support/agent-process.ts";

/** Far above what a test's alerts are. */
const MAX_BODY_CHARACTERS = 1_000_000;

/** One alert of a notification, and who got it. */
export type Notified = {
  readonly receiver: string;
  readonly status: "firing" | "resolved";
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
};

/** What Alertmanager posts, as far as it matters here. */
type Post = {
  readonly receiver: string;
  readonly alerts: readonly Omit<Notified, "receiver">[];
};

/** Where a test's notifications arrive. */
export type Webhook = {
  readonly url: string;
  /** All there were, in the order in which they came. */
  readonly notified: () => readonly Notified[];
  readonly stop: () => Promise<void>;
};

export async function startWebhook(): Promise<Webhook> {
  const notified: Notified[] = [];
  const server = createServer((request, response) => {
    bodyOf(request).then(
      (body) => {
        const { receiver, alerts } = JSON.parse(body) as Post;
        for (const { status, labels, annotations } of alerts) {
          notified.push({ receiver, status, labels, annotations });
        }
        response.end();
      },
      () => request.destroy(),
    );
  });
  const port = await freePort();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${port}`,
    notified: () => notified,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  request.setEncoding("utf8");
  for await (const text of request) {
    body += String(text);
    if (body.length > MAX_BODY_CHARACTERS) throw new Error("a notification beyond all measure");
  }
  return body;
}
