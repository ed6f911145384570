import type { EchoFailure } from "../engine-contract.ts";
import { explanationOf } from "../loop/endings.ts";
import { FIRST_ERRNO_CODE, NOTE_WORDS } from "../loop/failure-notes.ts";
import { type InterfaceName, rememberedInterfaceName } from "../transport/address-text.ts";
import { errnoName } from "../transport/errno-name.ts";
import { engineClock } from "./engine-core.ts";

/** Reads what `FailureNotes` listed. */
export function readFailures(list: Uint32Array): ReadonlyMap<number, EchoFailure> {
  const failures = new Map<number, EchoFailure>();
  // Names of interfaces are read once for all notes.
  const interfaceName = rememberedInterfaceName(engineClock);
  for (let at = 0; at + NOTE_WORDS <= list.length; at += NOTE_WORDS) {
    const failure = failureOf(
      list[at + 1] ?? 0,
      list.subarray(at + 2, at + NOTE_WORDS),
      interfaceName,
    );
    if (failure !== undefined) failures.set(list[at] ?? 0, failure);
  }
  return failures;
}

function failureOf(
  code: number,
  reporter: Uint32Array,
  interfaceName: InterfaceName,
): EchoFailure | undefined {
  if (code >= FIRST_ERRNO_CODE)
    return { kind: "unsent", errno: errnoName(code - FIRST_ERRNO_CODE) };
  const explanation = explanationOf(code, reporter[0] === 0 ? undefined : reporter, interfaceName);
  return explanation === undefined ? undefined : { kind: "lost", explanation };
}
