import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { packageRoot } from "../support/golden.ts";
import { expanded, type Instruction, readDockerfile, type Stage, wordsOf } from "./dockerfile.ts";

/** What the last stage says of how it is run. */
export type Image = {
  readonly root: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly userId: string;
  readonly groupId: string;
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
};

const RUN_LIMIT_SECONDS = 300;
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Carries out the shipped Dockerfile in folders instead of layers, by chroot(8).
 *
 * @param base A root with Debian and Node, as the base image is; it is copied for each stage.
 * @param place Where the stages go.
 * @param trust A file of certificate authorities for the steps that ask a package registry, outside of the image.
 * @throws at the first step that fails, with what it said.
 */
export function buildImage(options: {
  readonly base: string;
  readonly place: string;
  readonly trust: string | undefined;
  readonly tell: (line: string) => void;
}): Image {
  const roots = new Map<string, string>();
  let image: Image | undefined;
  for (const [at, stage] of readDockerfile().entries()) {
    const root = join(options.place, stage.name ?? "final");
    options.tell(`FROM ${stage.image}${stage.name === undefined ? "" : ` AS ${stage.name}`}`);
    run("cp", ["-a", "--reflink=auto", options.base, root]);
    roots.set(stage.name ?? String(at), root);
    image = carryOut(stage, root, roots, options);
  }
  if (image === undefined) throw new Error("the Dockerfile has no stage");
  return image;
}

function carryOut(
  stage: Stage,
  root: string,
  roots: ReadonlyMap<string, string>,
  { trust, tell }: { readonly trust: string | undefined; readonly tell: (line: string) => void },
): Image {
  const environment: Record<string, string> = { PATH };
  const values = new Map<string, string>();
  let workingDirectory = "/";
  let user = "0:0";
  let entrypoint: readonly string[] = [];
  let command: readonly string[] = [];
  let healthcheck: readonly string[] = [];
  for (const instruction of stage.instructions) {
    const { name, text } = instruction;
    const flags = [...instruction.flags].map(([key, value]) => `--${key}=${value} `).join("");
    tell(`${name} ${flags}${text}`);
    switch (name) {
      case "WORKDIR":
        workingDirectory = text;
        mkdirSync(join(root, text), { recursive: true });
        break;
      case "COPY":
        copy(instruction, root, workingDirectory, roots);
        break;
      case "RUN":
        runInside(root, text, { workingDirectory, environment, trust });
        break;
      case "ENV": {
        const [, key = "", value = ""] = /^(\w+)=(\S*)$/.exec(text) ?? [];
        environment[key] = expanded(value, values);
        break;
      }
      case "ARG": {
        const [, key = "", value = ""] = /^(\w+)=(.*)$/.exec(text) ?? [];
        values.set(key, value);
        break;
      }
      case "USER":
        user = text;
        break;
      case "ENTRYPOINT":
        entrypoint = wordsOf(instruction);
        break;
      case "CMD":
        command = wordsOf(instruction);
        break;
      case "HEALTHCHECK":
        healthcheck = wordsOf({ ...instruction, text: text.replace(/^CMD\s+/, "") });
        break;
      case "LABEL":
      case "EXPOSE":
        break;
      default:
        throw new Error(`${name} is an instruction that is not carried out here`);
    }
  }
  const [userId = "", groupId = ""] = user.split(":");
  command = [...entrypoint, ...command];
  return { root, environment, workingDirectory, userId, groupId, command, healthcheck };
}

/** A folder is copied by what is in it, as Docker does; of the context only what `.dockerignore` lets in. */
function copy(
  { flags, text }: Instruction,
  root: string,
  workingDirectory: string,
  roots: ReadonlyMap<string, string>,
): void {
  const words = text.split(/\s+/);
  const to = words.at(-1) ?? "";
  const from = flags.get("from");
  const stageRoot = from === undefined ? packageRoot() : roots.get(from);
  if (stageRoot === undefined) throw new Error(`COPY from ${from}, which is no stage`);
  for (const word of words.slice(0, -1)) {
    if (from === undefined && !contextEntries().has(word)) {
      throw new Error(`${word} is kept out of the context by .dockerignore`);
    }
    const source = join(stageRoot, word);
    const target = join(root, resolve(workingDirectory, to));
    const isInto = to.endsWith("/") && !statSync(source).isDirectory();
    mkdirSync(isInto ? target : dirname(target), { recursive: true });
    cpSync(source, isInto ? join(target, basename(word)) : target, {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
}

/** What `.dockerignore` lets into the context: everything is out but the lines with `!`. */
export function contextEntries(): ReadonlySet<string> {
  const lines = readFileSync(join(packageRoot(), ".dockerignore"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (lines[0] !== "*") throw new Error(".dockerignore does not begin by keeping everything out");
  return new Set(lines.slice(1).map((line) => line.replace(/^!/, "")));
}

function runInside(
  root: string,
  script: string,
  place: {
    readonly workingDirectory: string;
    readonly environment: Readonly<Record<string, string>>;
    readonly trust: string | undefined;
  },
): void {
  const trusted = "/run/trust.pem";
  const environment = { ...place.environment, HOME: "/root" };
  if (place.trust !== undefined && existsSync(place.trust)) {
    cpSync(place.trust, join(root, trusted), { dereference: true });
    Object.assign(environment, { NODE_EXTRA_CA_CERTS: trusted });
  }
  cpSync("/etc/resolv.conf", join(root, "etc", "resolv.conf"), { dereference: true });
  const words = Object.entries(environment).map(([key, value]) => `${key}=${value}`);
  const inside = `cd ${place.workingDirectory} && ${script}`;
  const withProc = `mount --make-rprivate / && mount -t proc proc ${root}/proc && exec "$@"`;
  const shell = ["chroot", root, "/usr/bin/env", "-i", ...words, "/bin/sh", "-c", inside];
  const namespaces = ["--mount", "--pid", "--fork", "--kill-child"];
  run("unshare", [...namespaces, "--", "sh", "-c", withProc, "sh", ...shell]);
  rmSync(join(root, trusted), { force: true });
}

/** @throws with the end of what the program said, unless it ended well in time. */
export function run(program: string, args: readonly string[]): string {
  const limit = { encoding: "utf8", timeout: RUN_LIMIT_SECONDS * 1000 } as const;
  const { error, status, stdout, stderr } = spawnSync(program, args, limit);
  if (error !== undefined) throw error;
  if (status === 0) return stdout;
  throw new Error(
    `${program} ${args.at(-1)} ended with ${status}:\n${(stdout + stderr).slice(-4_000)}`,
  );
}
