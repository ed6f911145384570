import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { createSecureContext, TLSSocket } from "node:tls";
import { moduleOptions } from "../../../src/probe/module.ts";
import type { ProbeTools } from "../../../src/probe/probe-request.ts";
import type { ProbeOutcome, TcpFacts, UnixFacts } from "../../../src/probe/prober.ts";
import { probeTcp } from "../../../src/probe/tcp/tcp.ts";
import { probeUnix } from "../../../src/probe/unix/unix.ts";
import { probeTools } from "../lab.ts";

type More = {
  readonly tools?: Partial<ProbeTools>;
  readonly timeoutSeconds?: number;
  readonly hostname?: string;
  readonly signal?: AbortSignal;
  readonly isDebug?: boolean;
};

function requestOf(module: Record<string, unknown>, target: string, more: More) {
  return {
    module: moduleOptions.parse(module),
    target,
    hostname: more.hostname,
    timeoutSeconds: more.timeoutSeconds ?? 20,
    permit: { kind: "continuous" },
    isDebug: more.isDebug ?? false,
  } as const;
}

/** One TCP probe as the worker makes it. */
export async function tcp(
  target: string,
  options: Record<string, unknown> = {},
  more: More = {},
): Promise<ProbeOutcome & { readonly facts: TcpFacts }> {
  const outcome = await probeTcp(
    requestOf({ prober: "tcp", tcp: options }, target, more),
    probeTools(more.tools),
    more.signal ?? new AbortController().signal,
  );
  if (outcome.facts.protocol !== "tcp") throw new Error("Cannot go on: not the facts of tcp");
  return { ...outcome, facts: outcome.facts };
}

/** One probe of a unix socket as the worker makes it. */
export async function unix(
  target: string,
  options: Record<string, unknown> = {},
  more: More = {},
): Promise<ProbeOutcome & { readonly facts: UnixFacts }> {
  const outcome = await probeUnix(
    requestOf({ prober: "unix", unix: options }, target, more),
    probeTools(more.tools),
    more.signal ?? new AbortController().signal,
  );
  if (outcome.facts.protocol !== "unix") throw new Error("Cannot go on: not the facts of unix");
  return { ...outcome, facts: outcome.facts };
}

/** The detail of a failed probe; empty for one that did not fail. */
export function detailOf(outcome: ProbeOutcome): string {
  return outcome.kind === "failed" ? outcome.detail : "";
}

/** A promise and what keeps it. */
export function promised<T>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
} {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((keep) => {
    resolve = keep;
  });
  return { promise, resolve: (value) => resolve(value) };
}

/** Whoever connected to a test's server, read line by line. */
export class Caller {
  readonly socket: Socket;
  #text = "";
  #isOver = false;
  #wake = (): void => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#text += chunk.toString("latin1");
      this.#wake();
    });
    const end = (): void => {
      this.#isOver = true;
      this.#wake();
    };
    socket.on("end", end);
    socket.on("close", end);
    socket.on("error", end);
  }

  /** Of the certificate that the caller showed. */
  commonName(): string | undefined {
    if (!(this.socket instanceof TLSSocket)) return undefined;
    return String(this.socket.getPeerCertificate().subject.CN);
  }

  say(text: string | Buffer): void {
    this.socket.write(text);
  }

  /** The next line without its line feed; what is left once the caller has ended. */
  async line(): Promise<string> {
    for (;;) {
      const at = this.#text.indexOf("\n");
      const length = at === -1 && this.#isOver ? this.#text.length : at;
      if (length !== -1) {
        const line = this.#text.slice(0, length);
        this.#text = this.#text.slice(length + 1);
        return line;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Puts the server's end of TLS on the connection. */
  async startTls(options: {
    readonly cert: string;
    readonly key: string;
    readonly ca?: string;
    readonly requestCert?: boolean;
  }): Promise<Caller> {
    this.socket.removeAllListeners("data");
    const { requestCert = false, ...pem } = options;
    const secureContext = createSecureContext(pem);
    const secured = new TLSSocket(this.socket, { isServer: true, secureContext, requestCert });
    secured.on("error", () => secured.destroy());
    await once(secured, "secure");
    return new Caller(secured);
  }
}

export type Place = string | { readonly host: string };

/**
 * Serves each connection by a script until the test has ended, on a port of a loopback address or on a path.
 *
 * @returns the target of a probe, and how the scripts have ended so far.
 */
export async function serve(
  t: TestContext,
  script: (caller: Caller) => unknown,
  place: Place = { host: "127.0.0.1" },
): Promise<{ readonly target: string; readonly port: number; readonly server: Server }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    // A script that is cut with its connection has nothing to say about the probe.
    Promise.resolve(script(new Caller(socket))).catch(() => socket.destroy());
  });
  if (typeof place === "string") server.listen(place);
  else server.listen(0, place.host);
  await once(server, "listening");
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((done) => server.close(() => done()));
  });
  if (typeof place === "string") return { target: place, port: 0, server };
  const { port, address, family } = server.address() as AddressInfo;
  const target = family === "IPv6" ? `[${address}]:${port}` : `${address}:${port}`;
  return { target, port, server };
}
