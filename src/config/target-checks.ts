import { dnsTarget } from "../probe/dns/dns-target.ts";
import type { Failed } from "../probe/failure.ts";
import { grpcTarget } from "../probe/grpc/grpc-target.ts";
import { portNumber, splitHostPort } from "../probe/host-port.ts";
import type { Module } from "../probe/module.ts";
import { socketPath } from "../probe/unix/socket-path.ts";
import { websocketTarget } from "../probe/websocket/websocket-target.ts";
import { familyOf } from "../runtime/address.ts";
import { quote } from "../runtime/found.ts";
import type { GroupOptions } from "../target/options.ts";
import { isSocketPath } from "../target/target.ts";
import type { Path, Report } from "./time-checks.ts";

/**
 * Every target as each prober of its group will read it: what a prober could never probe is a problem of the file, not a
 * failure every ten seconds. A target is told of once, by the first module that cannot read it.
 */
export function checkTargets(
  group: GroupOptions,
  path: Path,
  modules: ReadonlyMap<string, Module | undefined>,
  report: Report,
): void {
  const used = group.modules.flatMap((name) => {
    const module = modules.get(name);
    return module === undefined ? [] : [{ name, module }];
  });
  for (const [at, { target }] of group.targets.entries()) {
    for (const { name, module } of used) {
      const problem = problemFor(target, module);
      if (problem === undefined) continue;
      report([...path, "targets", at], `module ${quote(name)} (${module.prober}): ${problem}`);
      break;
    }
  }
}

/** Why a module cannot probe a target; undefined when it can. */
function problemFor(target: string, module: Module): string | undefined {
  const { prober } = module;
  if (prober === "unix") {
    return isSocketPath(target)
      ? sentenceOf(socketPath(target))
      : `target ${quote(target)} is no path: write the path of a socket, such as /run/app.sock`;
  }
  if (isSocketPath(target)) {
    return `target ${quote(target)} is the path of a socket, which a module of the prober unix probes: put it into a group of its own`;
  }
  switch (prober) {
    case "icmp":
      return undefined;
    case "http":
      return urlProblem(target);
    case "tcp":
      return portProblem(target);
    case "dns":
      return sentenceOf(dnsTarget(target, module.dns?.dns_over_tls ?? false));
    case "grpc":
      return sentenceOf(grpcTarget(target, module.grpc.tls));
    case "websocket":
      return sentenceOf(websocketTarget(target));
  }
}

function sentenceOf(read: Failed | { readonly kind: string }): string | undefined {
  return "detail" in read ? read.detail : undefined;
}

function portProblem(target: string): string | undefined {
  const parts = splitHostPort(target);
  if ("detail" in parts) {
    return `target ${quote(target)} has no port: write for example ${exampleWithPort(target)}`;
  }
  return sentenceOf(portNumber(parts.port));
}

function exampleWithPort(target: string): string {
  return familyOf(target) === "ipv6" ? `[${target}]:443` : `${target.replace(/:.*/s, "")}:443`;
}

/** As the HTTP prober will read it: anything without http:// or https:// gets http://. */
function urlProblem(target: string): string | undefined {
  // A bare IPv6 address is put into brackets by the prober.
  if (familyOf(target) === "ipv6") return undefined;
  const hasScheme = /^https?:\/\//i.test(target);
  const foreign = /^[a-z][a-z0-9+.-]*:\/\//i.exec(target);
  const canBeRead = hasScheme
    ? URL.canParse(target)
    : foreign === null && URL.canParse(`http://${target}`);
  if (canBeRead) return undefined;
  const remedy =
    foreign !== null && !hasScheme
      ? `begins with ${foreign[0]}: an http module needs http:// or https://`
      : "is not a URL: check the host and the port";
  return `target ${quote(target)} ${remedy}`;
}
