import { appendFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../support/golden.ts";
import { until } from "../support/until.ts";
import { buildImage } from "./image-build.ts";
import { makeBase } from "./image-run.ts";
import { boot, installUnits } from "./machine.ts";

/**
 * Boots a Debian of its own with the shipped units under a real systemd, and looks at what they do: sandbox, reload,
 * socket activation, restart. Needs root, Debian's packages debootstrap and systemd-container, and its mirror.
 *
 * The first argument is a base as `try-image` keeps it.
 */
const tell = (line: string): void => void process.stdout.write(`${line}\n`);
const silent = (): void => {};
const METRICS = 'fetch("http://127.0.0.1:10707/metrics").then((r) => r.text()).then(console.log)';
/** Asks without a break while the agent restarts; says how many asked in vain. */
const PATIENCE = `let failed = 0;
for (let n = 0; n < 30; n += 1) {
  await fetch("http://127.0.0.1:10707/-/healthy").then((r) => r.text()).catch(() => { failed += 1; });
  await new Promise((done) => setTimeout(done, 100));
}
console.log(failed + " of 30 requests failed");`;

const place = mkdtempSync(join(process.env["TMPDIR"] ?? tmpdir(), "sounder-unit-"));
try {
  const [given] = process.argv.slice(2);
  const base = given !== undefined && existsSync(given) ? given : makeBase(place, tell);
  const trust = process.env["NODE_EXTRA_CA_CERTS"];
  const { root } = buildImage({ base, place, trust, tell: silent });
  installUnits(root, join(packageRoot(), "config.example.yml"));
  const machine = await boot(root);
  const show = (...command: readonly string[]): void => {
    const { code, output } = machine.execute(...command);
    tell(`$ ${command.map((word) => (/[\s;]/.test(word) ? "…" : word)).join(" ")}`);
    tell(code === 0 ? output : `${output}\nexit ${code}`);
  };
  const measured = (): Promise<unknown> =>
    until(
      () =>
        /^sounder_icmp_echoes_total\{[^}]*\} [3-9]/m.test(
          machine.execute("node", "-e", METRICS).output,
        ),
      { deadlineSeconds: 60, what: "three echoes", everySeconds: 0.5 },
    );
  try {
    await measured();
    show("systemctl", "show", "sounder", "-p", "ActiveState,SubState,NotifyAccess,DynamicUser");
    const pid = machine.execute("systemctl", "show", "sounder", "-p", "MainPID", "--value").output;
    show("grep", "-E", "^(Uid|Cap...|NoNewPrivs|Seccomp):", `/proc/${pid}/status`);
    show("sounder", "healthcheck");
    const wanted = /^sounder_(?:target_up|agent_icmp_info|icmp_lost_total)\b.*$/gm;
    tell((machine.execute("node", "-e", METRICS).output.match(wanted) ?? []).join("\n"));
    show("systemctl", "reload", "sounder");
    await until(
      () => machine.execute("journalctl", "-u", "sounder").output.includes("Reloaded sounder"),
      {
        deadlineSeconds: 30,
        what: "the reload to be over",
        everySeconds: 0.5,
      },
    );

    appendFileSync(
      join(root, "etc", "sounder", "sounder.env"),
      "SOUNDER_FLAGS=--web.systemd-socket\n",
    );
    show("systemctl", "stop", "sounder");
    show("systemctl", "enable", "--now", "sounder.socket");
    show("systemctl", "start", "sounder");
    show("sounder", "healthcheck");
    const asking = `(systemctl restart sounder &) ; node --input-type=module -e '${PATIENCE}'`;
    show("sh", "-c", asking);
    tell(machine.execute("journalctl", "-u", "sounder", "-o", "cat", "--no-pager").output);
  } finally {
    await machine.stop();
  }
} finally {
  rmSync(place, { recursive: true, force: true });
}
