import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AskedEcho } from "../../../../src/icmp/transport/ping/ping-output.ts";
import type {
  ProgramEnd,
  ProgramOutput,
} from "../../../../src/icmp/transport/ping/ping-process.ts";

/** What a real program wrote (iputils 20221126, BusyBox 1.35.0), with what it had been asked. */
export type PingFixture = {
  /** `<kind>-<family>-<what happened>`. */
  readonly name: string;
  readonly asked: AskedEcho;
  readonly output: ProgramOutput;
};

/** Built tests lie elsewhere than their fixtures: both are below the folder of package.json. */
function fixtureFolder(): string {
  const within = join("test", "icmp", "transport", "ping", "ping-output");
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    if (readdirSync(at).includes("package.json")) return join(at, within);
  }
}

export function pingFixtures(): readonly PingFixture[] {
  const folder = fixtureFolder();
  return readdirSync(folder).map((file) =>
    parse(file.replace(/\.txt$/, ""), readFileSync(join(folder, file), "latin1")),
  );
}

function parse(name: string, text: string): PingFixture {
  const match = /^\$ (.*)\n(\w+) (\w+)\n== stdout\n([^]*)== stderr\n([^]*)$/.exec(text);
  if (match === null) throw new Error(`Cannot read ${name}: it is not in the form of a fixture`);
  const [, command = "", how, value = "", stdout = "", stderr = ""] = match;
  const end: ProgramEnd =
    how === "exited"
      ? { kind: "exited", code: Number(value) }
      : { kind: "signalled", signal: value };
  return {
    name,
    asked: {
      kind: name.startsWith("busybox") ? "busybox" : "iputils",
      family: name.includes("ipv6") ? "ipv6" : "ipv4",
      target: command.split(" ").at(-1) ?? "",
      payloadBytes: Number(/ -s (\d+)/.exec(command)?.[1] ?? 56),
    },
    output: { stdout, stderr, end },
  };
}
