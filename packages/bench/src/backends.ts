/** Our backends: the one that is timed, and those that are its rivals. */
import type { Backend } from "@bitbudget/backend";

export const backendNames = ["wasm", "js"] as const;
export type BackendName = (typeof backendNames)[number];

/** Opens a backend. Threads are for wasm alone. */
export async function openBackend(name: BackendName, threads: number): Promise<Backend> {
  if (name === "js") return (await import("@bitbudget/backend-js")).open();
  return (await import("@bitbudget/backend-wasm")).open({ threads });
}

/** What `--backend` says: the first is timed, others are its rivals. Undefined: wasm, and js where that takes little time. */
export type BackendChoice = readonly BackendName[] | undefined;

export function timedBackend(choice: BackendChoice): BackendName {
  return choice?.[0] ?? "wasm";
}

/** A backend of ours as a rival, on work of so many multiply-adds. */
export interface OwnRival {
  readonly name: string;
  readonly backend: Backend;
  readonly minMacs: number;
  readonly maxMacs: number;
}

/** Work that is worth more than one thread. */
const LARGE_MACS = 5e7;

/**
 * Opens the rivals of our own: what the choice names beside the first, and with several threads the same backend on one.
 * @param smallMacs multiply-adds that the specification does in little time
 */
export async function openOwnRivals(
  choice: BackendChoice,
  threads: number,
  smallMacs: number,
): Promise<OwnRival[]> {
  const rivals: OwnRival[] = [];
  const everything = { minMacs: 0, maxMacs: Number.POSITIVE_INFINITY };
  if (choice === undefined)
    rivals.push({ name: "js", backend: await openBackend("js", 1), ...everything, maxMacs: smallMacs });
  for (const name of choice?.slice(1) ?? [])
    rivals.push({ name, backend: await openBackend(name, threads), ...everything });
  if (threads > 1 && timedBackend(choice) === "wasm")
    rivals.push({
      name: "wasm, one thread",
      backend: await openBackend("wasm", 1),
      ...everything,
      minMacs: LARGE_MACS,
    });
  return rivals;
}

export function ownRivalsFor(rivals: readonly OwnRival[], macs: number): OwnRival[] {
  return rivals.filter(({ minMacs, maxMacs }) => minMacs <= macs && macs <= maxMacs);
}
