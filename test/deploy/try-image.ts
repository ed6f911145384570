import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../support/until.ts";
import { buildImage } from "./image-build.ts";
import { makeBase, runImage } from "./image-run.ts";

/**
 * Where no container engine is at hand: carries out the Dockerfile in a Debian of its own, then runs what came of it as
 * an engine would with everything dropped. Needs root, Debian's package debootstrap, and its mirror.
 *
 * The first argument is a base that an earlier run left with `--keep`.
 */
const tell = (line: string): void => void process.stdout.write(`${line}\n`);
const WAIT_SECONDS = 60;
const METRICS = 'fetch("http://127.0.0.1:10707/metrics").then((r) => r.text()).then(console.log)';
const WANTED =
  /^sounder_(?:target_up|agent_icmp_info|icmp_echoes_total|icmp_lost_total|build_info)\b.*$/gm;

const words = process.argv.slice(2);
const place = mkdtempSync(join(process.env["TMPDIR"] ?? tmpdir(), "sounder-image-"));
try {
  const given = words.find((word) => !word.startsWith("--"));
  const base = given !== undefined && existsSync(given) ? given : makeBase(place, tell);
  const image = buildImage({ base, place, trust: process.env["NODE_EXTRA_CA_CERTS"], tell });
  const container = runImage(image);
  try {
    await until(
      () => {
        if (container.hasEnded()) throw new Error(`it ended early:\n${container.output()}`);
        return container.execute(image.healthcheck).code === 0;
      },
      { deadlineSeconds: WAIT_SECONDS, what: "a healthy container", everySeconds: 0.5 },
    );
    const measured = await until(
      () => {
        const { output } = container.execute(["node", "-e", METRICS]);
        return /^sounder_icmp_echoes_total\{target="127[^}]*\} [3-9]/m.test(output) && output;
      },
      { deadlineSeconds: WAIT_SECONDS, what: "three echoes", everySeconds: 0.5 },
    );
    tell("\nProcess 1 of the container:");
    const status = container.status();
    for (const line of status.match(/^(?:Name|Uid|Gid|Cap\w+|NoNewPrivs):.*$/gm) ?? []) tell(line);
    tell(
      `\n$ ${image.healthcheck.join(" ")}\n${container.execute(image.healthcheck).output.trim()}`,
    );
    const npm = container.execute(["npm", "--version"]);
    tell(`$ npm --version\nexit ${npm.code}`);
    const touch = container.execute(["touch", "/etc/sounder/x"]);
    tell(`$ touch /etc/sounder/x\n${touch.output.trim()}`);
    tell(`\nFrom /metrics:\n${(measured.match(WANTED) ?? []).join("\n")}`);
  } finally {
    const code = await container.stop();
    tell(`\nIts log:\n${container.output().trim()}\n\nStopped by SIGTERM with exit code ${code}`);
    if (code !== 0) process.exitCode = 1;
  }
} finally {
  if (words.includes("--keep")) tell(`Kept in ${place}`);
  else rmSync(place, { recursive: true, force: true });
}
