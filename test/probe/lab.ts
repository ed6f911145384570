import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from "node:net";
import type { TestContext } from "node:test";
import { CelExpressions } from "../../src/probe/cel/cel.ts";
import { openSocket } from "../../src/probe/connect.ts";
import { FileCache } from "../../src/probe/file-cache.ts";
import { BodyBudget, MAX_HELD_BYTES } from "../../src/probe/http/body-rules.ts";
import { probeHttp } from "../../src/probe/http/http.ts";
import { Oauth2Tokens } from "../../src/probe/http/oauth2-tokens.ts";
import { type Module, moduleOptions } from "../../src/probe/module.ts";
import type { ProbeTools } from "../../src/probe/probe-request.ts";
import type { HttpFacts, ProbeOutcome } from "../../src/probe/prober.ts";
import { Regexps } from "../../src/probe/regexps.ts";
import { TlsContexts } from "../../src/probe/tls/tls-context.ts";
import type { Resolve } from "../../src/resolve/resolution.ts";
import { systemClock } from "../../src/runtime/clock.ts";

/** Every name is 127.0.0.1, but for those that end in `.invalid`. */
export const everyNameIsLoopback: Resolve = async (name) =>
  name.endsWith(".invalid")
    ? { kind: "failed", reason: "dns_nxdomain", detail: `${name} does not exist` }
    : {
        kind: "resolved",
        addresses: [{ text: "127.0.0.1", family: "ipv4" }],
        ttlSeconds: 60,
        isStale: false,
      };

/** Tools of a probe worker, real but for names and policy. */
export function probeTools(changes: Partial<ProbeTools> = {}): ProbeTools {
  const files = new FileCache(systemClock);
  return {
    clock: systemClock,
    resolve: everyNameIsLoopback,
    guard: () => ({ kind: "allowed" }),
    open: openSocket,
    files,
    tlsContexts: new TlsContexts({ files, clock: systemClock, systemRootFiles: [] }),
    regexps: new Regexps(),
    celExpressions: new CelExpressions(),
    bodyBudget: new BodyBudget(MAX_HELD_BYTES),
    oauth2Tokens: new Oauth2Tokens(systemClock),
    environment: () => ({}),
    userAgent: "Sounder/test",
    ...changes,
  };
}

export function httpModule(http: Record<string, unknown> = {}): Module {
  return moduleOptions.parse({ prober: "http", http });
}

export type Probed = ProbeOutcome & { readonly facts: HttpFacts };

/** One HTTP probe as the worker makes it. */
export async function probe(
  target: string,
  http: Record<string, unknown> = {},
  more: {
    readonly tools?: Partial<ProbeTools>;
    readonly timeoutSeconds?: number;
    readonly hostname?: string;
    readonly signal?: AbortSignal;
    readonly isDebug?: boolean;
  } = {},
): Promise<Probed> {
  const outcome = await probeHttp(
    {
      module: httpModule(http),
      target,
      hostname: more.hostname,
      timeoutSeconds: more.timeoutSeconds ?? 20,
      permit: { kind: "continuous" },
      isDebug: more.isDebug ?? false,
    },
    probeTools(more.tools),
    more.signal ?? new AbortController().signal,
  );
  if (outcome.facts.protocol !== "http") throw new Error("Cannot go on: not the facts of HTTP");
  return { ...outcome, facts: outcome.facts };
}

/** The reason of a failed probe; "succeeded" for one that did not fail. */
export function reasonOf(outcome: ProbeOutcome): string {
  return outcome.kind === "failed" ? outcome.reason : outcome.kind;
}

export type TestServer = { readonly port: number };

/** Listens on 127.0.0.1 until the test has ended, which also cuts what is connected. */
export async function listen(t: TestContext, server: Server): Promise<TestServer> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((done) => server.close(() => done()));
  });
  return { port: (server.address() as AddressInfo).port };
}

export async function serveHttp(t: TestContext, listener: RequestListener): Promise<TestServer> {
  return await listen(t, createHttpServer(listener));
}

/** A TCP server that says what the script says once the end of a request's head has come. */
export async function serveRaw(
  t: TestContext,
  answer: (socket: Socket, head: string) => void,
): Promise<TestServer> {
  return await listen(
    t,
    createTcpServer((socket) => {
      let head = "";
      let isAnswered = false;
      socket.on("data", (chunk: Buffer) => {
        head += chunk.toString("latin1");
        if (isAnswered || !head.includes("\r\n\r\n")) return;
        isAnswered = true;
        answer(socket, head);
      });
    }),
  );
}

/** Runs a callback later; nothing is held up by it, and a socket that is gone by then is left alone. */
export function later(seconds: number, callback: () => void): void {
  setTimeout(callback, seconds * 1000).unref();
}
