import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { canRunLab } from "../netlab/can-run.ts";
import { openCertificates } from "./blackbox/certificates.ts";
import { differencesOf } from "./blackbox/compare.ts";
import { DNS_SUITE } from "./blackbox/dns-suite.ts";
import { GRPC_SUITE } from "./blackbox/grpc-suite.ts";
import { takeSeen } from "./blackbox/http-server.ts";
import { HTTP_PROXY_SUITE, HTTP_SUITE, HTTP_TLS_SUITE } from "./blackbox/http-suite.ts";
import { ICMP_SUITE } from "./blackbox/icmp-suite.ts";
import { type Close, closeAll } from "./blackbox/listening.ts";
import { enterParityNetwork, NAMES } from "./blackbox/network.ts";
import { blackboxMissing, type Pair, startPair } from "./blackbox/pair.ts";
import { configOf, moduleName, type ParityCase, type ParitySuite } from "./blackbox/parity-case.ts";
import { TCP_SUITE } from "./blackbox/tcp-suite.ts";

const reason = (await canRunLab()) ?? blackboxMissing();
const skip = reason ?? false;
const CASE_LIMIT_MILLISECONDS = 30_000;

const SUITES: readonly ParitySuite[] = [
  HTTP_SUITE,
  HTTP_TLS_SUITE,
  HTTP_PROXY_SUITE,
  ICMP_SUITE,
  TCP_SUITE,
  GRPC_SUITE,
  DNS_SUITE,
];

const certificates = reason === undefined ? openCertificates() : undefined;
let closeNetwork: Close = async () => {};

before(async () => {
  if (reason === undefined) closeNetwork = await enterParityNetwork();
});

after(async () => {
  await closeNetwork();
  certificates?.close();
});

// The runner does not count a suite that is left out; this makes it known that something was.
test("blackbox_exporter is here to be compared with", { skip }, () => {
  assert.equal(blackboxMissing(), undefined);
});

for (const suite of SUITES) {
  describe(`${suite.name}: the same page as blackbox_exporter's`, { skip }, () => {
    let closeServers: Close = async () => {};
    let pair: Pair;

    before(async () => {
      if (certificates === undefined) return;
      closeServers = await suite.open(certificates);
      pair = await startPair(configOf(suite.cases, certificates), NAMES);
    });

    after(async () => {
      await closeAll([async () => pair?.stop(), closeServers]);
    });

    for (const [at, one] of suite.cases.entries()) {
      test(one.name, { timeout: CASE_LIMIT_MILLISECONDS }, async () => {
        await assertSamePage(pair, moduleName(at), one);
      });
    }
  });
}

async function assertSamePage(pair: Pair, module: string, one: ParityCase): Promise<void> {
  takeSeen();
  const path = (target: string): string =>
    `/probe?${new URLSearchParams({ module, target, ...one.query }).toString()}`;
  const headers = one.headers ?? {};
  const { theirs, ours } = await pair.ask({
    theirs: { path: path(one.target), headers },
    // Versions after 0.28 unescape the target a second time; both shall see the same.
    ours: { path: path(encodeURIComponent(one.target)), headers },
  });
  const isSuccess = one.succeeds ? 1 : 0;
  const problems = [
    ...(theirs.status === 200 ? [] : [`blackbox_exporter answered ${theirs.status}`]),
    ...(ours.status === 200 ? [] : [`we answered ${ours.status}: ${ours.body}`]),
  ];
  if (problems.length === 0) {
    if (!new RegExp(`^probe_success ${isSuccess}$`, "m").test(theirs.body)) {
      problems.push(`the case is wrong: probe_success of blackbox_exporter is not ${isSuccess}`);
    }
    problems.push(...differencesOf({ theirs: theirs.body, ours: ours.body }, one));
  }
  const seen = takeSeen();
  const requests = new Set(seen).size > 1 ? ["Requests:", ...seen] : [];
  const failure = /^probe_failure_info.*$/m.exec(ours.body)?.[0] ?? "no failure";
  assert.deepEqual(problems, [], [...problems, failure, ...requests].join("\n"));
}
