import { type Lab, openLab } from "./lab.ts";

/** Opens a lab in a network of its own, and closes it however the work ends. */
export async function withLab<T>(
  options: Parameters<typeof openLab>[0],
  work: (lab: Lab) => Promise<T>,
): Promise<T> {
  const lab = await openLab(options);
  try {
    return await work(lab);
  } finally {
    await lab.close();
  }
}
