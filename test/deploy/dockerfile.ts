import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../support/golden.ts";

/** One instruction of a Dockerfile: `COPY`, its flags (`--from`), and the rest of the line as it is written. */
export type Instruction = {
  readonly name: string;
  readonly flags: ReadonlyMap<string, string>;
  readonly text: string;
};

/** What one `FROM` begins. */
export type Stage = {
  readonly name: string | undefined;
  readonly image: string;
  readonly instructions: readonly Instruction[];
};

export const DOCKERFILE = join("deploy", "docker", "Dockerfile");

/** Reads the shipped Dockerfile as far as it goes: no heredocs, no `ONBUILD`. Global `ARG`s are put into `FROM`. */
export function readDockerfile(): readonly Stage[] {
  const globals = new Map<string, string>();
  const stages: { name: string | undefined; image: string; instructions: Instruction[] }[] = [];
  for (const instruction of instructionsOf(readFileSync(join(packageRoot(), DOCKERFILE), "utf8"))) {
    const last = stages.at(-1);
    if (instruction.name === "FROM") {
      const [, image = "", name] = /^(\S+)(?: AS (\S+))?$/.exec(instruction.text) ?? [];
      stages.push({ name, image: expanded(image, globals), instructions: [] });
    } else if (last === undefined) {
      const [, key = "", value = ""] = /^(\w+)=(.*)$/.exec(instruction.text) ?? [];
      if (instruction.name !== "ARG" || key === "")
        throw new Error(`${instruction.name} before FROM`);
      globals.set(key, value);
    } else last.instructions.push(instruction);
  }
  return stages;
}

/** The arguments of an instruction in its JSON form, or its words. */
export function wordsOf({ text }: Instruction): readonly string[] {
  if (!text.startsWith("[")) return text.split(/\s+/);
  const words: unknown = JSON.parse(text);
  if (!Array.isArray(words)) throw new Error(`${text} is no list`);
  return words.map(String);
}

export function expanded(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(/\$\{(\w+)\}/g, (_whole, key: string) => values.get(key) ?? "");
}

function instructionsOf(text: string): readonly Instruction[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !/^\s*#/.test(line));
  const whole = lines.join("\n").replaceAll(/\\\n\s*/g, "");
  return whole.split("\n").map((line) => {
    const [, name = "", flagText = "", rest = ""] =
      /^([A-Z]+)\s+((?:--[a-z-]+=\S+\s+)*)(.+)$/.exec(line) ?? [];
    if (name === "") throw new Error(`"${line}" is not understood`);
    const flags = flagText.matchAll(/--([a-z-]+)=(\S+)/g);
    return {
      name,
      flags: new Map([...flags].map(([, key = "", value = ""]) => [key, value])),
      text: rest.trim(),
    };
  });
}
