import { packageVersion } from "../runtime/version.ts";
import { EXIT, type Terminal } from "./terminal.ts";

/** `sounder version`. */
export function version(io: Terminal): number {
  io.stdout(
    `sounder, version ${packageVersion()}\n  node:     ${process.version}\n  platform: ${process.platform}/${process.arch}\n`,
  );
  return EXIT.fine;
}
