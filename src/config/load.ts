import { isUtf8 } from "node:buffer";
import { open, stat } from "node:fs/promises";
import type { Config } from "./config.ts";
import { parseConfig } from "./parse-config.ts";
import type { Parsed } from "./problem.ts";
import { MAX_FILE_BYTES } from "./yaml.ts";

/** A parsed file, with its text where it could be read: problems are shown with their line of it. */
export type Loaded = Parsed<Config> & { readonly text: string | undefined };

/** What is needed of an open file; handed in so that a test can make one vanish. */
export type OpenFile = {
  readonly isDirectory: () => Promise<boolean>;
  /** Bytes read into `into` from the current position; 0 at the end. */
  readonly read: (into: Uint8Array) => Promise<number>;
  readonly close: () => Promise<void>;
};

/** What a code of the system says of other files. */
const NO_FILE = "no regular file";

const CHUNK_BYTES = 64 * 1024;

/** Reads and parses a configuration file. What is wrong with the file itself is a problem of its first line. */
export async function loadConfig(
  path: string,
  openFile: (path: string) => Promise<OpenFile> = openSystemFile,
): Promise<Loaded> {
  const content = await contentOf(path, openFile);
  if (content.kind === "failed") return failed(1, content.message);
  if (!isUtf8(content.bytes)) {
    return failed(
      firstLineNotUtf8(content.bytes),
      "this line is not UTF-8: save the file in the encoding UTF-8",
    );
  }
  const text = content.bytes.toString("utf8");
  return { ...parseConfig(text), text };
}

function failed(line: number, message: string): Loaded {
  return { ok: false, problems: [{ line, column: 1, path: "", message }], text: undefined };
}

type Content =
  | { readonly kind: "read"; readonly bytes: Buffer }
  | { readonly kind: "failed"; readonly message: string };

async function contentOf(
  path: string,
  openFile: (path: string) => Promise<OpenFile>,
): Promise<Content> {
  let file: OpenFile;
  try {
    file = await openFile(path);
  } catch (error) {
    return { kind: "failed", message: openSentence(path, codeOf(error)) };
  }
  try {
    if (await file.isDirectory()) return { kind: "failed", message: openSentence(path, "EISDIR") };
    return await readAll(file);
  } catch (error) {
    return { kind: "failed", message: readSentence(path, codeOf(error)) };
  } finally {
    // A failed close of a file that was only read loses nothing.
    await file.close().catch(() => undefined);
  }
}

/** In pieces and counted, because a pipe or a device has no size to look at first. */
async function readAll(file: OpenFile): Promise<Content> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for (;;) {
    const chunk = new Uint8Array(CHUNK_BYTES);
    const readBytes = await file.read(chunk);
    if (readBytes === 0) return { kind: "read", bytes: Buffer.concat(chunks, sizeBytes) };
    sizeBytes += readBytes;
    chunks.push(chunk.subarray(0, readBytes));
    if (sizeBytes > MAX_FILE_BYTES) {
      const message = `the file is larger than ${MAX_FILE_BYTES / 2 ** 20} MiB: split its targets over several agents`;
      return { kind: "failed", message };
    }
  }
}

function openSentence(path: string, code: string): string {
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return `there is no file ${path}: check the path, or begin with a copy of config.example.yml`;
    case "EISDIR":
      return `${path} is a directory: name the file in it, for example ${path.replace(/\/+$/, "")}/sounder.yml`;
    case "EACCES":
    case "EPERM":
      return `no permission to read ${path}: let the user that runs the agent read it (chown, chmod)`;
    case NO_FILE:
      return `${path} is no regular file: a reload reads no pipe and no device, which could keep it waiting for ever`;
    default:
      return `cannot open ${path}: the system says ${code}`;
  }
}

function readSentence(path: string, code: string): string {
  switch (code) {
    case "ENOENT":
    case "ESTALE":
    case "ENXIO":
      return `${path} vanished while it was read: write a new file aside and rename it over the old one`;
    default:
      return openSentence(path, code);
  }
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : String(error);
}

/** A line feed never is a part of a longer UTF-8 sequence, so lines can be judged one by one. */
function firstLineNotUtf8(bytes: Buffer): number {
  let start = 0;
  for (let line = 1; ; line += 1) {
    const end = bytes.indexOf(0x0a, start);
    if (end < 0 || !isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
}

/** Refuses what is no regular file before it is opened: opening a pipe waits for its writer. */
export async function openRegularFile(path: string): Promise<OpenFile> {
  const status = await stat(path);
  if (status.isFile() || status.isDirectory()) return await openSystemFile(path);
  throw Object.assign(new Error(`Cannot read ${path}: it is no regular file`), { code: NO_FILE });
}

async function openSystemFile(path: string): Promise<OpenFile> {
  const handle = await open(path, "r");
  return {
    isDirectory: async () => (await handle.stat()).isDirectory(),
    read: async (into) => (await handle.read(into, 0, into.length, null)).bytesRead,
    close: () => handle.close(),
  };
}
