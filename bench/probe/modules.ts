import type { ServerPorts } from "./messages.ts";

export const PROBERS = ["icmp", "dns", "tcp", "http", "https"] as const;
export type ProberName = (typeof PROBERS)[number];

const TIMEOUT = "5s";
/** The name in the certificate of the https server, which has many addresses. */
export const SERVER_NAME = "server.example.test";

/** One file for both programs: a module for each of the probers asked for. */
export function configFor(probers: readonly ProberName[], caFile: string): string {
  const modules = {
    icmp: { prober: "icmp", timeout: TIMEOUT },
    dns: {
      prober: "dns",
      timeout: TIMEOUT,
      dns: { query_name: "bench.example.test", query_type: "A" },
    },
    tcp: { prober: "tcp", timeout: TIMEOUT },
    http: { prober: "http", timeout: TIMEOUT },
    https: {
      prober: "http",
      timeout: TIMEOUT,
      http: { tls_config: { ca_file: caFile, server_name: SERVER_NAME } },
    },
  };
  return JSON.stringify({ modules: Object.fromEntries(probers.map((one) => [one, modules[one]])) });
}

/** @param address One of the servers'; a round of its own has another. */
export function pathOf(prober: ProberName, ports: ServerPorts, address: string): string {
  const target = targetOf(prober, ports, address);
  return `/probe?${new URLSearchParams({ module: prober, target }).toString()}`;
}

/** Addresses, so that no look-up of a name is measured. */
function targetOf(prober: ProberName, ports: ServerPorts, address: string): string {
  switch (prober) {
    case "icmp":
      return address;
    case "dns":
      // A datagram leaves no port behind, and its answer comes from the address of the way back.
      return `127.0.0.1:${ports.dns}`;
    case "tcp":
      return `${address}:${ports.tcp}`;
    case "http":
    case "https":
      return `${prober}://${address}:${ports[prober]}/`;
  }
}
