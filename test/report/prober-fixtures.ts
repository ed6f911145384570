import type {
  DnsFacts,
  GrpcFacts,
  ProbeFacts,
  TcpFacts,
  UnixFacts,
  WebsocketFacts,
} from "../../src/probe/prober.ts";
import { httpFacts, succeeded, tlsFacts, unanswered } from "./fixtures.ts";

/** Facts of probes that went well, one of each prober but icmp. */
export const tcpFacts: TcpFacts = {
  protocol: "tcp",
  phases: { resolve: 0.0015, connect: 0.01, tls: 0.02, processing: 0.004 },
  isConnected: true,
  isFailedByRegexp: false,
  isFailedByBytes: false,
  expectInfo: undefined,
  tls: tlsFacts,
};

export const unixFacts: UnixFacts = {
  protocol: "unix",
  phases: { connect: 0.0001, tls: 0, processing: 0.0002 },
  isConnected: true,
  isFailedByRegexp: false,
  isFailedByBytes: false,
  expectInfo: undefined,
  tls: undefined,
};

export const dnsFacts: DnsFacts = {
  protocol: "dns",
  phases: { resolve: 0.0015, connect: 0.0001, tls: 0, request: 0.0123 },
  sections: { answer: 2, authority: 1, additional: 3 },
  responseCode: 0,
  isSoaAsked: false,
  soaSerial: undefined,
  tls: undefined,
};

export const grpcFacts: GrpcFacts = {
  protocol: "grpc",
  phases: { resolve: 0.0015, connect: 0.01, tls: 0.02, check: 0.03 },
  isTls: true,
  statusCode: 0,
  servingStatus: "SERVING",
  tls: tlsFacts,
};

export const websocketFacts: WebsocketFacts = {
  protocol: "websocket",
  phases: { resolve: 0.0015, connect: 0.01, tls: 0.02, processing: 0.03, transfer: 0.004 },
  statusCode: 101,
  isUpgraded: true,
  isFailedByRegexp: false,
  tls: tlsFacts,
};

/** Facts of probes that were not let in: nobody listened. */
export const darkTcp: TcpFacts = {
  ...tcpFacts,
  phases: { resolve: 0.0015, connect: 0.01, tls: 0, processing: 0 },
  isConnected: false,
  tls: undefined,
};

export const darkUnix: UnixFacts = {
  ...unixFacts,
  phases: { connect: 0.0001, tls: 0, processing: 0 },
  isConnected: false,
};

export const darkDns: DnsFacts = { ...dnsFacts, sections: undefined, responseCode: undefined };

export const darkGrpc: GrpcFacts = {
  ...grpcFacts,
  phases: { resolve: 0.0015, connect: 0.01, tls: 0, check: 0 },
  isTls: false,
  statusCode: undefined,
  servingStatus: undefined,
  tls: undefined,
};

export const darkWebsocket: WebsocketFacts = {
  ...websocketFacts,
  phases: { resolve: 0.0015, connect: 0.25, tls: 0, processing: 0, transfer: 0 },
  statusCode: 0,
  isUpgraded: false,
  tls: undefined,
};

const soaFacts: DnsFacts = { ...dnsFacts, isSoaAsked: true, soaSerial: 2_026_010_101 };

/** A target of each prober but icmp, a probe of it that went well, and the facts of one that was not let in. */
export const probed = (
  [
    ["https://www.example.net/", httpFacts, unanswered({ connect: 0.01 })],
    ["mail.example.net:993", tcpFacts, darkTcp],
    ["/run/app.sock", unixFacts, darkUnix],
    ["192.0.2.53", soaFacts, darkDns],
    ["health.example.net:443", grpcFacts, darkGrpc],
    ["wss://chat.example.net/", websocketFacts, darkWebsocket],
  ] as const satisfies readonly (readonly [string, ProbeFacts, ProbeFacts])[]
).map(([target, facts, dark]) => ({
  target,
  prober: facts.protocol,
  // A path has no address.
  outcome: { ...succeeded, facts, ...(facts.protocol === "unix" ? { address: undefined } : {}) },
  dark,
}));
