/** What the figures were taken on. */
import { cpus } from "node:os";
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
