import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createAuthority } from "../../probe/certificates.ts";
import type { CertificateFolder } from "./parity-case.ts";

const EC_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const RSA_KEY = ["-newkey", "rsa:2048"];
const YEAR_MILLISECONDS = 365 * 24 * 3600 * 1000;

/** The certificates of all suites, made anew by the openssl program. */
export function openCertificates(): CertificateFolder & { readonly close: () => void } {
  const authority = createAuthority();
  const names = "DNS:good.parity.test,DNS:localhost,IP:127.0.0.1,IP:::1";
  const issue = authority.issue;
  const now = Date.now();
  issue({ name: "good", subject: "/C=DE/O=Lab, Inc./OU=One/OU=Two/CN=good.parity.test", names });
  issue({ name: "other", subject: "/CN=other.parity.test", names: "DNS:other.parity.test" });
  issue({ name: "nameless", subject: "/CN=127.0.0.1" });
  issue({ name: "client", subject: "/O=Clients/CN=client" });
  issue({
    name: "expired",
    subject: "/CN=127.0.0.1",
    names,
    times: { start: timeOf(now - 2 * YEAR_MILLISECONDS), end: timeOf(now - YEAR_MILLISECONDS) },
  });
  issue({
    name: "early",
    subject: "/CN=127.0.0.1",
    names,
    times: { start: timeOf(now + YEAR_MILLISECONDS), end: timeOf(now + 2 * YEAR_MILLISECONDS) },
  });
  selfSign(authority.folder, "self", EC_KEY, names);
  selfSign(authority.folder, "rsa", RSA_KEY, "DNS:rsa.parity.test,IP:127.0.0.1");
  return {
    path: authority.folder,
    read: (name) => ({
      cert: readFileSync(join(authority.folder, `${name}.pem`), "utf8"),
      key: readFileSync(join(authority.folder, `${name}.key`), "utf8"),
    }),
    close: authority.close,
  };
}

function selfSign(folder: string, name: string, key: readonly string[], names: string): void {
  const files = ["-keyout", `${name}.key`, "-out", `${name}.pem`, "-nodes"];
  const about = ["-days", "30", "-subj", "/CN=127.0.0.1", "-addext", `subjectAltName=${names}`];
  execFileSync("openssl", ["req", "-x509", ...key, ...files, ...about], {
    cwd: folder,
    stdio: "pipe",
  });
}

/** As `openssl ca` takes it: YYYYMMDDHHMMSSZ. */
function timeOf(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().replace(/[-:T]|\..*/g, "")}Z`;
}
