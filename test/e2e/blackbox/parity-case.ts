/** One question to both programs: a module, a target, and whether the probe is to succeed. */
export type ParityCase = {
  /** Completes the sentence "a probe of …". */
  readonly name: string;
  /** blackbox_exporter's own keys, as its version in Debian knows them. `@certificates` stands for their folder. */
  readonly module: Readonly<Record<string, unknown>>;
  readonly target: string;
  /** Guards the comparison: two programs that fail for want of a server would agree as well. */
  readonly succeeds: boolean;
  /** Parameters of `/probe` beyond `module` and `target`. */
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * The peer's certificate does not hold, or no answer came after it: ours has the certificate series, which
   * blackbox_exporter has only with an answer.
   */
  readonly isUnverified?: boolean;
  /** Why the pages differ, where it is on purpose: a key of `CASE_DIFFERENCES`. */
  readonly differs?: string;
};

/** What one prober is compared by: its cases, and the servers they ask. */
export type ParitySuite = {
  readonly name: string;
  readonly cases: readonly ParityCase[];
  /** Opens the servers, in a network of their own. @returns what closes them. */
  readonly open: (certificates: CertificateFolder) => Promise<() => Promise<void>>;
};

/** Where the certificates of the suites lie: one file pair `NAME.pem` and `NAME.key` each, and `ca.pem`. */
export type CertificateFolder = {
  readonly path: string;
  readonly read: (name: string) => { readonly cert: string; readonly key: string };
};

/** The modules of a suite, one for each case, as a configuration file. JSON is YAML. */
export function configOf(cases: readonly ParityCase[], certificates: CertificateFolder): string {
  const modules = Object.fromEntries(cases.map((one, at) => [moduleName(at), one.module]));
  return JSON.stringify({ modules }, undefined, 1).replaceAll("@certificates", certificates.path);
}

export function moduleName(at: number): string {
  return `case_${at}`;
}
