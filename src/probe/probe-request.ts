import type { Guard, Permit } from "../policy/verdict.ts";
import type { Resolve } from "../resolve/resolution.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Environment } from "../runtime/secrets.ts";
import type { CelExpressions } from "./cel/cel.ts";
import type { OpenSocket } from "./connect.ts";
import type { FileCache } from "./file-cache.ts";
import type { BodyBudget } from "./http/body-rules.ts";
import type { Oauth2Tokens } from "./http/oauth2-tokens.ts";
import type { Module } from "./module.ts";
import type { Regexps } from "./regexps.ts";
import type { TlsContexts } from "./tls/tls-context.ts";

/** One probe to be made now. Plain data: it crosses to the probe worker. */
export type ProbeRequest = {
  readonly module: Module;
  readonly target: string;
  /** `/probe?hostname=`: for http the Host header and SNI. */
  readonly hostname: string | undefined;
  /** Over everything: look-ups, connections, redirects, the whole body. */
  readonly timeoutSeconds: number;
  readonly permit: Permit;
  /** Whether the outcome's log is wanted. */
  readonly isDebug: boolean;
};

/** What every prober works with; one set for all probes of a thread. */
export type ProbeTools = {
  readonly clock: Clock;
  /** Asks anew for each probe: that is what the phase `resolve` measures. */
  readonly resolve: Resolve;
  readonly guard: Guard;
  readonly open: OpenSocket;
  readonly files: FileCache;
  readonly tlsContexts: TlsContexts;
  readonly regexps: Regexps;
  readonly celExpressions: CelExpressions;
  readonly bodyBudget: BodyBudget;
  readonly oauth2Tokens: Oauth2Tokens;
  /** For `proxy_from_environment`; asked at each probe. */
  readonly environment: () => Environment;
  /** `Sounder/<version>`, unless the module says otherwise. */
  readonly userAgent: string;
};
