import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { AskServer } from "../../src/resolve/dns-answer.ts";
import { resolverOptions } from "../../src/resolve/options.ts";
import type { Resolution } from "../../src/resolve/resolution.ts";
import { createResolver, type Resolver } from "../../src/resolve/resolver.ts";
import { silentLog } from "../../src/runtime/log.ts";
import { type DnsScript, type DnsServer, startDnsServer } from "../support/dns-server.ts";
import { type FakeClock, fakeClock } from "../support/fake-clock.ts";

export const never: AbortSignal = new AbortController().signal;
/** Far beyond any test: what ends a test's wait is an answer, never this. */
const PATIENT = "60s";

/** A scripted server that ends with the test. */
export async function serve(context: TestContext, script: DnsScript): Promise<DnsServer> {
  const server = await startDnsServer(script);
  context.after(() => server.close());
  return server;
}

export type OpenResolver = {
  readonly resolver: Resolver;
  readonly clock: FakeClock;
  readonly paths: { readonly resolvConf: string; readonly hosts: string };
};

/** A resolver with files of its own that ends with the test. */
export function openResolver(
  context: TestContext,
  given: {
    readonly servers?: readonly DnsServer[];
    readonly timeout?: string;
    readonly search?: readonly string[];
    readonly resolvConf?: string;
    readonly hosts?: string;
    readonly askServer?: AskServer;
  },
): OpenResolver {
  const folder = mkdtempSync(join(tmpdir(), "resolver-"));
  const paths = { resolvConf: join(folder, "resolv.conf"), hosts: join(folder, "hosts") };
  writeFileSync(paths.resolvConf, given.resolvConf ?? "search\n");
  writeFileSync(paths.hosts, given.hosts ?? "");
  const clock = fakeClock();
  const options = resolverOptions.parse({
    servers: given.servers?.map(({ address }) => address) ?? [],
    search: given.search ?? [],
    timeout: given.timeout ?? PATIENT,
  });
  const { askServer } = given;
  const resolver = createResolver({
    options,
    clock,
    log: silentLog,
    paths,
    environment: {},
    ...(askServer && { askServer }),
  });
  context.after(() => {
    resolver.close();
    rmSync(folder, { recursive: true });
  });
  return { resolver, clock, paths };
}

/** What a test compares: the addresses, or the reason why there are none. */
export function texts(resolution: Resolution): readonly string[] | string {
  if (resolution.kind === "failed") return resolution.reason;
  return resolution.addresses.map(({ text }) => text);
}
