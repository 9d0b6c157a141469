/** What the figures were taken on. */
import { cpus, loadavg } from "node:os";
import type { Environment } from "../row.ts";

export function nodeEnvironment(device: string, threads: number, rivals: Environment["rivals"]): Environment {
  const processors = cpus();
  return {
    engine: `Node ${process.versions.node} (V8 ${process.versions.v8})`,
    processor: `${processors[0]?.model.trim() ?? "unknown"}, ${processors.length} logical cores`,
    device,
    threads,
    rivals,
  };
}

/** A warning where other programs keep the processor busy; undefined on a machine that is at rest, or does not tell. */
export function busyWarning(): string | undefined {
  const [load = 0] = loadavg();
  const { length } = cpus();
  if (load < 0.5) return undefined;
  return `The machine is busy (load ${load.toFixed(1)} on ${length} logical cores): times will be long and intervals wide.`;
}
