import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A key with its certificate; `chain` is what a server presents. */
export type Issued = {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
};

export type Authority = {
  readonly caFile: string;
  readonly folder: string;
  /** @param times As `openssl ca` takes them: YYYYMMDDHHMMSSZ; by default from now for ten days. */
  readonly issue: (request: {
    readonly name: string;
    readonly subject: string;
    /** The value of subjectAltName; undefined leaves it out. */
    readonly names?: string | undefined;
    readonly times?: { readonly start: string; readonly end: string };
  }) => Issued;
  readonly close: () => void;
};

function openssl(folder: string, ...args: string[]): void {
  execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
}

const CONFIG = `
[ca]
default_ca = here
[here]
database = index.txt
new_certs_dir = issued
certificate = ca.pem
private_key = ca.key
rand_serial = yes
default_md = sha256
default_days = 10
unique_subject = no
policy = any
copy_extensions = copy
[any]
countryName = optional
organizationName = optional
organizationalUnitName = optional
commonName = optional
`;

/** A certificate authority of the test's own, in a folder of its own, made by the openssl program. */
export function createAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), "sounder-ca-"));
  writeFileSync(join(folder, "ca.cnf"), CONFIG);
  writeFileSync(join(folder, "index.txt"), "");
  mkdirSync(join(folder, "issued"));
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl(
    folder,
    "req",
    "-x509",
    ...key,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-days",
    "30",
    "-subj",
    "/O=Lab/CN=Lab Root",
  );
  return {
    caFile: join(folder, "ca.pem"),
    folder,
    issue: ({ name, subject, names, times }) => {
      const extension = names === undefined ? [] : ["-addext", `subjectAltName=${names}`];
      openssl(
        folder,
        "req",
        ...key,
        "-keyout",
        `${name}.key`,
        "-out",
        `${name}.csr`,
        "-subj",
        subject,
        ...extension,
      );
      const span = times === undefined ? [] : ["-startdate", times.start, "-enddate", times.end];
      openssl(
        folder,
        "ca",
        "-batch",
        "-notext",
        "-config",
        "ca.cnf",
        "-in",
        `${name}.csr`,
        "-out",
        `${name}.pem`,
        ...span,
      );
      const certFile = join(folder, `${name}.pem`);
      const keyFile = join(folder, `${name}.key`);
      return {
        certFile,
        keyFile,
        cert: readFileSync(certFile, "utf8"),
        key: readFileSync(keyFile, "utf8"),
      };
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}
