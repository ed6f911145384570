import {
  createSecureContext,
  rootCertificates,
  type SecureContext,
  type SecureVersion,
} from "node:tls";
import type { Clock } from "../../runtime/clock.ts";
import { type Failed, failed } from "../failure.ts";
import type { FileCache } from "../file-cache.ts";
import { ChainCache } from "./chain-cache.ts";
import type { TlsOptions, TlsVersion } from "./tls-options.ts";

const MAX_PEM_BYTES = 4 * 2 ** 20;
/** Contexts kept; each holds its own store of roots, about a megabyte. */
const MAX_KEPT = 64;

const NODE_VERSION: Readonly<Record<TlsVersion, SecureVersion>> = {
  TLS10: "TLSv1",
  TLS11: "TLSv1.1",
  TLS12: "TLSv1.2",
  TLS13: "TLSv1.3",
};

/** Where distributions keep the roots that their administrators trust; as Go looks for them. */
export const SYSTEM_ROOT_FILES: readonly string[] = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** Whom a connection trusts and what it shows of itself, with what was learnt from servers under it. */
export type TlsTrust = { readonly secure: SecureContext; readonly chains: ChainCache };

export type TlsContext = { readonly kind: "ready"; readonly context: TlsTrust } | Failed;

/**
 * TLS contexts by options and by the state of the files these name. Building one takes milliseconds
 * (the roots are parsed), so equal ones are shared.
 */
export class TlsContexts {
  readonly #kept = new Map<string, TlsContext>();
  readonly #files: FileCache;
  readonly #systemRootFiles: readonly string[];
  readonly #clock: Clock;

  constructor(options: {
    readonly files: FileCache;
    readonly clock: Clock;
    /** The first that can be read is taken; none of them: the roots that come with Node. */
    readonly systemRootFiles: readonly string[];
  }) {
    this.#files = options.files;
    this.#systemRootFiles = options.systemRootFiles;
    this.#clock = options.clock;
  }

  async get(options: TlsOptions): Promise<TlsContext> {
    const ca = await this.#source(options.ca, options.ca_file);
    if (ca.kind === "failed") return failed("tls_untrusted", `ca_file: ${ca.detail}`);
    const cert = await this.#source(options.cert, options.cert_file);
    if (cert.kind === "failed")
      return failed("tls_client_certificate", `cert_file: ${cert.detail}`);
    const key = await this.#source(options.key, options.key_file);
    if (key.kind === "failed") return failed("tls_client_certificate", `key_file: ${key.detail}`);
    const roots = ca.text === undefined ? await this.#systemRoots() : ca;
    const { min_version: min, max_version: max } = options;
    const name = JSON.stringify([roots.version, cert.version, key.version, min, max]);
    const kept = this.#kept.get(name) ?? this.#build({ roots, cert, key, min, max });
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    if (this.#kept.size > MAX_KEPT) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    return kept;
  }

  #build(parts: {
    readonly roots: Found;
    readonly cert: Found;
    readonly key: Found;
    readonly min: TlsVersion | undefined;
    readonly max: TlsVersion | undefined;
  }): TlsContext {
    const { roots, cert, key, min, max } = parts;
    const built = build({ ca: roots.text(), cert: cert.text(), key: key.text(), min, max });
    if ("detail" in built) return built;
    return { kind: "ready", context: { secure: built, chains: new ChainCache(this.#clock) } };
  }

  async #source(inline: string | undefined, file: string | undefined): Promise<Source> {
    if (inline !== undefined) return { kind: "source", text: () => inline, version: inline };
    if (file === undefined) return { kind: "source", text: () => undefined, version: "" };
    const read = await this.#files.read(file, MAX_PEM_BYTES);
    if (read.kind === "failed") return read;
    return { kind: "source", text: () => read.bytes.toString("latin1"), version: read.version };
  }

  async #systemRoots(): Promise<Found> {
    for (const file of this.#systemRootFiles) {
      const read = await this.#files.read(file, MAX_PEM_BYTES);
      if (read.kind === "read" && read.bytes.length > 0) {
        return { text: () => read.bytes.toString("latin1"), version: read.version };
      }
    }
    return { text: () => rootCertificates.join("\n"), version: "node" };
  }
}

/** PEM, made a text only where a context is built of it, and what changes with it. */
type Found = { readonly text: () => string | undefined; readonly version: string };

type Source =
  | (Found & { readonly kind: "source" })
  | { readonly kind: "failed"; readonly detail: string };

function build(parts: {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly min: TlsVersion | undefined;
  readonly max: TlsVersion | undefined;
}): SecureContext | Failed {
  const { ca, cert, key, min, max } = parts;
  const isOld = min === "TLS10" || min === "TLS11" || max === "TLS10" || max === "TLS11";
  try {
    return createSecureContext({
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      minVersion: NODE_VERSION[min ?? (isOld ? "TLS10" : "TLS12")],
      maxVersion: NODE_VERSION[max ?? "TLS13"],
      // OpenSSL 3 allows the signatures of TLS 1.0 and 1.1 at security level 0 alone.
      ...(isOld ? { ciphers: "DEFAULT@SECLEVEL=0" } : {}),
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const reason = cert === undefined ? "tls_untrusted" : "tls_client_certificate";
    return failed(reason, `tls_config cannot be used: ${why}`);
  }
}
