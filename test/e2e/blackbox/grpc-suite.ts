import { GRPC_PORTS, openGrpcServers } from "./grpc-server.ts";
import { CLOSED_PORT } from "./network.ts";
import type { ParityCase, ParitySuite } from "./parity-case.ts";

const CA = { ca_file: "@certificates/ca.pem" };

function grpc(options: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return { prober: "grpc", timeout: "3s", grpc: options };
}

const PLAIN = `127.0.0.1:${GRPC_PORTS.plain}`;
const TLS = `127.0.0.1:${GRPC_PORTS.tls}`;

/** blackbox_exporter bounds its call by nothing, so no service here is silent. */
const SERVICES: readonly ParityCase[] = (
  [
    ["", true],
    ["serving", true],
    ["unknown", false],
    ["resting", false],
    ["strange", false],
    ["newer", false],
    ["missing", false],
    ["web", false],
    ["reset", false],
    ["garbage", false],
    ["code-1", false],
    ["code-7", false],
    ["code-14", false],
    ["code-99", false],
  ] as const
).map(([service, succeeds]) => ({
  name: `the service "${service}"`,
  module: grpc({ service }),
  target: PLAIN,
  succeeds,
}));

const TARGETS: readonly ParityCase[] = (
  [
    ["with a scheme", `http://${PLAIN}`, true],
    ["with a path", `http://${PLAIN}/path`, true],
    ["that is localhost", `localhost:${GRPC_PORTS.plain}`, true],
    ["that is an unknown name", "unknown.parity.test:1", false],
    ["whose port is closed", `127.0.0.1:${CLOSED_PORT}`, false],
    ["without port", "127.0.0.1", false],
    ["without a health service", `127.0.0.1:${GRPC_PORTS.mute}`, false],
    ["that is no URL", "http://[half", false],
    ["that speaks TLS", TLS, false],
  ] as const
).map(([name, target, succeeds]) => ({
  name: `a target ${name}`,
  module: grpc(),
  target,
  succeeds,
}));

const V6: ParityCase = {
  name: "a target over IPv6",
  module: grpc(),
  target: `[::1]:${GRPC_PORTS.plain}`,
  succeeds: false,
  differs: "grpc to an IPv6 address",
};

const SECURE: readonly ParityCase[] = [
  { name: "TLS", module: grpc({ tls: true, tls_config: CA }), target: TLS, succeeds: true },
  {
    name: "TLS that is not verified",
    module: grpc({ tls: true, tls_config: { insecure_skip_verify: true } }),
    target: `127.0.0.1:${GRPC_PORTS.expired}`,
    succeeds: true,
  },
  {
    name: "TLS with an expired certificate",
    module: grpc({ tls: true, tls_config: CA }),
    target: `127.0.0.1:${GRPC_PORTS.expired}`,
    succeeds: false,
    isUnverified: true,
  },
  {
    name: "TLS with another name",
    module: grpc({ tls: true, tls_config: { ...CA, server_name: "other.parity.test" } }),
    target: TLS,
    succeeds: false,
    isUnverified: true,
  },
  {
    name: "TLS and a service that is not there",
    module: grpc({ tls: true, tls_config: CA, service: "missing" }),
    target: TLS,
    succeeds: false,
    isUnverified: true,
  },
  {
    name: "TLS with one that speaks none",
    module: grpc({ tls: true, tls_config: CA }),
    target: PLAIN,
    succeeds: false,
  },
];

export const GRPC_SUITE: ParitySuite = {
  name: "grpc",
  cases: [...SERVICES, ...TARGETS, V6, ...SECURE],
  open: openGrpcServers,
};
