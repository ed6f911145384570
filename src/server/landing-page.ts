import { createHash } from "node:crypto";
import type { PolicyMode } from "../policy/policy.ts";
import type { KeptProbe } from "../report/probe-history.ts";
import { withoutPassword } from "../runtime/secrets.ts";
import { policySentence } from "./policy-sentence.ts";

/** What the plain page at `/` shows. */
export type LandingFacts = {
  readonly version: string;
  readonly policyMode: PolicyMode;
  readonly modules: readonly string[];
  readonly groupCount: number;
  readonly targetCount: number;
  readonly readiness: { readonly ready: boolean; readonly reason: string };
  /** Made on demand, newest first. */
  readonly probes: readonly KeptProbe[];
};

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #59636e; --line: #d1d9e0; --paper: #fff; --sea: #0b6e8a; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9198a1; --line: #3d444d; --paper: #0d1117; --sea: #4cc2e0; }
}
body { max-width: 42rem; margin: 3rem auto; padding: 0 1.25rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.6 system-ui, sans-serif; }
h1 { margin: 0; font-size: 2rem; letter-spacing: -0.02em; }
h2 { margin: 2.5rem 0 0.5rem; font-size: 1.1rem; }
small, dt, label { color: var(--soft); }
a { color: var(--sea); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.35rem 1.25rem; margin: 1.5rem 0;
  padding: 1rem 1.25rem; border: 1px solid var(--line); border-radius: 0.5rem; }
dd { margin: 0; }
ul { padding-left: 1.25rem; }
form { display: grid; grid-template-columns: max-content 1fr; gap: 0.6rem 1.25rem; align-items: center; }
input:not([type="checkbox"]), select { font: inherit; padding: 0.35rem 0.6rem; border: 1px solid var(--line);
  border-radius: 0.35rem; background: transparent; color: inherit; }
option { background: var(--paper); }
input[type="checkbox"] { justify-self: start; }
button { grid-column: 2; justify-self: start; font: inherit; padding: 0.4rem 1.4rem; border: 0; border-radius: 0.35rem;
  background: var(--sea); color: var(--paper); cursor: pointer; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 0.3rem 0.75rem 0.3rem 0; border-bottom: 1px solid var(--line); text-align: left; overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: normal; }
`;

/** Nothing but this one style sheet and forms to ourselves: no script, no frame, no other origin. */
export const LANDING_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** A module list longer than this makes no usable menu. */
const MAX_MODULES_SHOWN = 500;

/** Of a name or target in the table; the rest is in the log it leads to. */
const MAX_CELL_CHARACTERS = 200;

/** @param options.prefix Before every link, without a slash at its end; empty for none. */
export function landingPage(
  facts: LandingFacts,
  options: {
    readonly links: readonly { readonly path: string; readonly text: string }[];
    readonly prefix: string;
  },
): string {
  const { links, prefix } = options;
  const items = links.map(({ path, text }) => {
    const anchor = `<a href="${escapeHtml(prefix + path)}">${escapeHtml(path)}</a>`;
    return `<li>${anchor} ${escapeHtml(text)}</li>`;
  });
  const choices = facts.modules
    .slice(0, MAX_MODULES_SHOWN)
    .map((name) => {
      const mark = name === "http_2xx" ? " selected" : "";
      return `<option${mark}>${escapeHtml(name)}</option>`;
    })
    .join("");
  const state = facts.readiness.ready ? "ready" : `not ready: ${facts.readiness.reason}`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sounder</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Sounder</h1>
<small>version ${escapeHtml(facts.version)}</small>
</header>
<main>
<dl>
<dt>State</dt><dd>${escapeHtml(state)}</dd>
<dt>Targets</dt><dd>${facts.targetCount} in ${facts.groupCount} ${facts.groupCount === 1 ? "group" : "groups"}</dd>
<dt>On demand</dt><dd>${escapeHtml(policySentence(facts.policyMode))}</dd>
</dl>
<ul>
${items.join("\n")}
</ul>
<h2>Probe now</h2>
<form action="${escapeHtml(`${prefix}/probe`)}" method="get">
<label for="target">Target</label><input id="target" name="target" required placeholder="www.example.net">
<label for="module">Module</label><select id="module" name="module">${choices}</select>
<label for="debug">With its log</label><input id="debug" name="debug" type="checkbox" value="true" checked>
<button>Probe</button>
</form>
<h2>Recent probes</h2>
${probeTable(facts.probes, prefix)}
</main>
</body>
</html>
`;
}

function probeTable(probes: readonly KeptProbe[], prefix: string): string {
  if (probes.length === 0) return "<p>None were made on demand.</p>";
  const rows = probes.map(({ id, moduleName, target, isSuccess, startedAtSeconds }) => {
    const result = isSuccess ? "Success" : "<strong>Failure</strong>";
    const started = new Date(startedAtSeconds * 1000).toISOString();
    const log = `<a href="${escapeHtml(`${prefix}/logs?id=${id}`)}">Logs</a>`;
    const cells = [cell(moduleName), cell(withoutPassword(target)), result, started, log];
    return `<tr>${cells.map((text) => `<td>${text}</td>`).join("")}</tr>`;
  });
  return `<table>
<tr><th>Module</th><th>Target</th><th>Result</th><th>Started</th><th>Debug</th></tr>
${rows.join("\n")}
</table>`;
}

function cell(text: string): string {
  const isLong = text.length > MAX_CELL_CHARACTERS;
  return escapeHtml(isLong ? `${text.slice(0, MAX_CELL_CHARACTERS)}…` : text);
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
