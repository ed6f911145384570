import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Loaded, loadConfig, type OpenFile } from "../../src/config/load.ts";
import { MAX_FILE_BYTES } from "../../src/config/yaml.ts";

const folder = mkdtempSync(join(tmpdir(), "sounder-load-"));
after(() => rmSync(folder, { recursive: true }));

function onlyProblem(loaded: Loaded): string {
  if (loaded.ok) return "";
  assert.equal(loaded.problems.length, 1);
  const [problem] = loaded.problems;
  return `${problem?.line}:${problem?.column}: ${problem?.message}`;
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

const refusing = (code: string) => async (): Promise<OpenFile> => {
  throw systemError(code);
};

test("loadConfig() gives the text beside the value", async () => {
  const path = join(folder, "fine.yml");
  writeFileSync(path, "groups: []\n");
  const loaded = await loadConfig(path);
  assert.equal(loaded.ok, true);
  assert.equal(loaded.text, "groups: []\n");
});

test("loadConfig() of a file that is not there says how to begin", async () => {
  const path = join(folder, "none.yml");
  assert.equal(
    onlyProblem(await loadConfig(path)),
    `1:1: there is no file ${path}: check the path, or begin with a copy of config.example.yml`,
  );
});

test("loadConfig() of a path through a file says the same", async () => {
  const path = join(folder, "fine.yml/sounder.yml");
  assert.match(onlyProblem(await loadConfig(path)), /^1:1: there is no file /);
});

test("loadConfig() of a directory asks for the file in it", async () => {
  assert.equal(
    onlyProblem(await loadConfig(`${folder}/`)),
    `1:1: ${folder}/ is a directory: name the file in it, for example ${folder}/sounder.yml`,
  );
});

test("loadConfig() of a file without permission says who must read it", async (context) => {
  const path = join(folder, "secret.yml");
  const sentence = `1:1: no permission to read ${path}: let the user that runs the agent read it (chown, chmod)`;
  assert.equal(onlyProblem(await loadConfig(path, refusing("EACCES"))), sentence);
  if (process.getuid?.() === 0) {
    context.diagnostic("root reads everything, so the real file is left out");
    return;
  }
  writeFileSync(path, "groups: []\n");
  chmodSync(path, 0);
  assert.equal(onlyProblem(await loadConfig(path)), sentence);
});

test("loadConfig() of a file that vanishes while it is read says how to replace files", async () => {
  let isClosed = false;
  let reads = 0;
  const vanishing = async (): Promise<OpenFile> => ({
    isDirectory: async () => false,
    read: async (into) => {
      reads += 1;
      if (reads > 1) throw systemError("ESTALE");
      into.set(Buffer.from("groups: []\n"));
      return 11;
    },
    close: async () => {
      isClosed = true;
      throw systemError("ESTALE");
    },
  });
  assert.equal(
    onlyProblem(await loadConfig("sounder.yml", vanishing)),
    "1:1: sounder.yml vanished while it was read: write a new file aside and rename it over the old one",
  );
  assert.equal(isClosed, true);
});

test("loadConfig() of a disk that fails names what the system says", async () => {
  assert.equal(
    onlyProblem(await loadConfig("sounder.yml", refusing("EIO"))),
    "1:1: cannot open sounder.yml: the system says EIO",
  );
});

test("loadConfig() stops reading at its limit, also where there is no end", async () => {
  let readBytes = 0;
  const endless = async (): Promise<OpenFile> => ({
    isDirectory: async () => false,
    read: async (into) => {
      readBytes += into.length;
      return into.length;
    },
    close: async () => {},
  });
  assert.equal(
    onlyProblem(await loadConfig("sounder.yml", endless)),
    "1:1: the file is larger than 16 MiB: split its targets over several agents",
  );
  assert.ok(readBytes <= MAX_FILE_BYTES + 2 ** 17);
});
