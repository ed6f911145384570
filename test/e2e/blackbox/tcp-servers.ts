import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket } from "node:tls";
import { type Close, closeAll, listenOn } from "./listening.ts";
import type { CertificateFolder } from "./parity-case.ts";

/** Servers that speak in lines, each in its own way. */
export const TCP_PORTS = {
  /** Takes connections and is silent. */
  silent: 2_500,
  /** Closes at once. */
  closing: 2_501,
  /** Greets as SSH does. */
  ssh: 2_522,
  smtp: 2_525,
  imap: 2_543,
  /** Sends back what it gets. */
  echo: 2_507,
  irc: 2_567,
  /** A line that never ends. */
  endless: 2_599,
  /** Greets in bytes that are no text. */
  binary: 2_510,
  /** TLS from the beginning, with a greeting. */
  pop3s: 2_595,
  pop3sExpired: 2_596,
  /** TLS from the beginning that wants a client certificate. */
  asking: 2_597,
} as const;

const ENDLESS = Buffer.alloc(65_536, "x");

/** What is said to a line; undefined for nothing. */
type Script = {
  readonly greeting: string;
  readonly answers: readonly (readonly [line: RegExp, answer: string])[];
  /** The answer after which TLS begins. */
  readonly upgradeAfter?: RegExp;
};

const SMTP: Script = {
  greeting: "220 mail.parity.test ESMTP\r\n",
  answers: [
    [/^EHLO (\S+)/, "250-mail.parity.test greets you\r\n250-SIZE 1000\r\n250 STARTTLS\r\n"],
    [/^STARTTLS/, "220 go ahead\r\n"],
    [/^QUIT/, "221 bye\r\n"],
  ],
  upgradeAfter: /^STARTTLS/,
};

const IMAP: Script = {
  greeting: "* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n",
  answers: [
    [/^(\S+) STARTTLS/, "* note\r\na1 OK begin\r\n"],
    [/^(\S+) CAPABILITY/, "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na2 OK done\r\n"],
  ],
  upgradeAfter: /^\S+ STARTTLS/,
};

const IRC: Script = {
  greeting: "",
  answers: [
    [/^USER/, ":server NOTICE AUTH\r\nPING :1234567\r\n"],
    [/^PONG 1234567/, ":server 001 prober :welcome\r\n"],
  ],
};

function talk(socket: Socket, script: Script, certificate?: { cert: string; key: string }): void {
  socket.on("error", () => socket.destroy());
  if (script.greeting !== "") socket.write(script.greeting);
  let pending = "";
  const onData = (chunk: Buffer): void => {
    pending = (pending + chunk.toString("latin1")).slice(-10_000);
    for (let end = pending.indexOf("\n"); end >= 0; end = pending.indexOf("\n")) {
      const line = pending.slice(0, end);
      pending = pending.slice(end + 1);
      const answer = script.answers.find(([wanted]) => wanted.test(line))?.[1];
      if (answer !== undefined) socket.write(answer, "latin1");
      if (certificate !== undefined && script.upgradeAfter?.test(line) === true) {
        socket.off("data", onData);
        const secure = new TLSSocket(socket, { isServer: true, ...certificate });
        talk(secure, { ...script, greeting: "" });
        return;
      }
    }
  };
  socket.on("data", onData);
}

export async function openTcpServers(certificates: CertificateFolder): Promise<Close> {
  const good = certificates.read("good");
  const expired = certificates.read("expired");
  const { cert: ca } = certificates.read("ca");
  const greet = (socket: Socket): void => {
    socket.on("error", () => socket.destroy());
    socket.write("+OK ready\r\n");
  };
  const listening: readonly (readonly [keyof typeof TCP_PORTS, Server])[] = [
    ["silent", createServer(() => {})],
    ["closing", createServer((socket) => socket.end())],
    ["ssh", createServer((socket) => socket.write("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"))],
    ["smtp", createServer((socket) => talk(socket, SMTP, good))],
    ["imap", createServer((socket) => talk(socket, IMAP, expired))],
    ["irc", createServer((socket) => talk(socket, IRC))],
    ["echo", createServer((socket) => socket.pipe(socket))],
    ["binary", createServer((socket) => socket.write(Buffer.from("ff00fe0a41420d0a", "hex")))],
    [
      "endless",
      createServer((socket) => {
        const fill = (): void => {
          while (!socket.destroyed && socket.write(ENDLESS));
        };
        socket.on("drain", fill);
        fill();
      }),
    ],
    ["pop3s", createTlsServer(good, greet)],
    ["pop3sExpired", createTlsServer(expired, greet)],
    ["asking", createTlsServer({ ...good, ca, requestCert: true }, greet)],
  ];
  const closes = await Promise.all(
    listening.map(([name, server]) => {
      server.on("tlsClientError", () => {});
      return listenOn(server, TCP_PORTS[name]);
    }),
  );
  const sixth = await listenOn(createServer(greet), TCP_PORTS.silent, "::1");
  return () => closeAll([...closes, sixth]);
}
