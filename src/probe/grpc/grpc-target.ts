import { isIPv6 } from "node:net";
import { quote } from "../../runtime/found.ts";
import { withoutPassword } from "../../runtime/secrets.ts";
import { type Failed, failed } from "../failure.ts";

const MAX_TARGET_CHARACTERS = 16 * 1024;
const DEFAULT_PORT = { plain: 80, tls: 443 } as const;

/** Where a call goes. */
export type GrpcTarget = {
  readonly kind: "target";
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
};

/**
 * Reads a target: a host, perhaps with a port, perhaps as a URL of http or https.
 *
 * As blackbox_exporter, the scheme says nothing: whether TLS is spoken, and so which port is meant when
 * none is written, is the module's to say. A path is not looked at.
 */
export function grpcTarget(target: string, isTls: boolean): GrpcTarget | Failed {
  if (target.length > MAX_TARGET_CHARACTERS) {
    return failed("bad_target", `the target has ${target.length} characters`);
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(target)?.[1];
  if (scheme !== undefined && !/^https?$/i.test(scheme)) {
    return failed("bad_target", `${scheme}:// is not gRPC: write the host and its port alone`);
  }
  const rest = scheme === undefined ? target : target.slice(scheme.length + "://".length);
  // A URL hides a port that is its scheme's own, so each scheme tells what the other does not.
  const [plain, secure] = [`http://${rest}`, `https://${rest}`];
  if (!URL.canParse(plain) || !URL.canParse(secure)) {
    return failed(
      "bad_target",
      `${quote(withoutPassword(target))} is no host with a port: write for example example.net:50051`,
    );
  }
  const url = new URL(plain);
  const written = url.port === "" ? new URL(secure).port : url.port;
  const port = written === "" ? (isTls ? DEFAULT_PORT.tls : DEFAULT_PORT.plain) : Number(written);
  if (port === 0) return failed("bad_target", "port 0 cannot be connected to");
  return { kind: "target", host: url.hostname.replace(/^\[|\]$/g, ""), port };
}

/**
 * The value of `:authority`. As blackbox_exporter's library: with TLS it is the name the certificate
 * is for, without a port; else the host with its port, also where that is the default.
 */
export function authorityOf({ host, port }: GrpcTarget, serverName: string | undefined): string {
  return serverName === undefined ? `${bracketed(host)}:${port}` : bracketed(serverName);
}

function bracketed(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}
