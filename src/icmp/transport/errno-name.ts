import { getSystemErrorName } from "node:util";

/** The name of an error number of the kernel, such as ENETUNREACH. */
export function errnoName(errno: number): string {
  const name = getSystemErrorName(-errno);
  // What Node does not know it calls "Unknown system error -<number>".
  return name.startsWith("E") ? name : `errno ${errno}`;
}
