import { quote } from "../../runtime/found.ts";
import { withoutPassword } from "../../runtime/secrets.ts";
import { type Failed, failed } from "../failure.ts";

const MAX_TARGET_CHARACTERS = 16 * 1024;

/** Where a handshake goes. */
export type WebsocketTarget = {
  readonly kind: "target";
  /** Without a fragment, which is not sent. */
  readonly url: URL;
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
};

/** Reads a target: a URL of ws or wss, as blackbox_exporter's library wants it, without user and password. */
export function websocketTarget(target: string): WebsocketTarget | Failed {
  if (target.length > MAX_TARGET_CHARACTERS) {
    return failed("bad_target", `the target has ${target.length} characters`);
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(target)?.[1]?.toLowerCase();
  if (scheme !== "ws" && scheme !== "wss") {
    const what =
      scheme === undefined ? "the target has no scheme" : `${scheme}:// is no web socket`;
    return failed("bad_target", `${what}: write for example ws://example.net/ or wss://`);
  }
  if (!URL.canParse(target)) {
    return failed(
      "bad_target",
      `${quote(withoutPassword(target))} is no URL: write for example ws://example.net/`,
    );
  }
  const url = new URL(target);
  if (url.username !== "" || url.password !== "") {
    // The target is not quoted: there is a password in it.
    return failed(
      "bad_target",
      "the target holds a user or password: write basic_auth under http_config of the module",
    );
  }
  if (url.port === "0") return failed("bad_target", "port 0 cannot be connected to");
  url.hash = "";
  const isTls = url.protocol === "wss:";
  return {
    kind: "target",
    url,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port),
    isTls,
  };
}
