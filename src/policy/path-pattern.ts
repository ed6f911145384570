import { quote } from "../runtime/found.ts";

/** Longest path of a unix socket: `sun_path` has 108 bytes, the last of them 0 (unix(7)). */
const MAX_PATH_BYTES = 107;

/**
 * What is wrong with a pattern of paths, as one sentence; undefined when nothing is.
 *
 * A pattern is an absolute path, in whose last part one `*` stands for any text: `/run/app/*` are the
 * sockets in that directory, not those in directories below it.
 */
export function pathPatternProblem(pattern: string): string | undefined {
  const problem = pathProblem(pattern);
  if (problem !== undefined) return problem;
  const [first, second] = [pattern.indexOf("*"), pattern.lastIndexOf("*")];
  if (first !== second)
    return `${quote(pattern)} has more than one "*": write one, or two patterns`;
  if (first !== -1 && first < pattern.lastIndexOf("/")) {
    return `${quote(pattern)} has a "*" in the name of a directory: it may only stand in the last part, as in /run/app/*`;
  }
  return undefined;
}

/**
 * What is wrong with the path of a socket, as one sentence; undefined when it is absolute and in its
 * shortest form. Anything else could be the same file under another name than the one a rule tells.
 */
export function pathProblem(path: string): string | undefined {
  if (!path.startsWith("/")) {
    return `${quote(path)} is not an absolute path: write for example /run/app/control.sock`;
  }
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    return `${quote(path)} has ${Buffer.byteLength(path)} bytes: a socket's path has at most ${MAX_PATH_BYTES}`;
  }
  if (/\p{Cc}/u.test(path)) return `${quote(path)} holds a control character: remove it`;
  if (path === "/") return `${quote(path)} is a directory: name a socket in it`;
  const odd = path
    .split("/")
    .slice(1)
    .find((part) => part === "" || part === "." || part === "..");
  if (odd === undefined) return undefined;
  const what = odd === "" ? "an empty part" : `the part ${quote(odd)}`;
  return `${quote(path)} has ${what}: write the shortest path of the socket, without "//", "." and ".."`;
}

/** Whether a path fits a pattern. Both are as `pathProblem` wants them; one that is not never fits. */
export function matchesPath(pattern: string, path: string): boolean {
  if (pathProblem(path) !== undefined) return false;
  const star = pattern.indexOf("*");
  if (star === -1) return pattern === path;
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  const middle = path.slice(before.length, path.length - after.length);
  return (
    path.length >= before.length + after.length &&
    path.startsWith(before) &&
    path.endsWith(after) &&
    !middle.includes("/") &&
    // The directory itself is no socket in it.
    path.length > path.lastIndexOf("/") + 1
  );
}
