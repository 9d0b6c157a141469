/** What is wrong with a model on a runner, as data: which node, and what to do about it. */
import { QuantizeError } from "../errors.ts";
import type { Difference } from "./difference.ts";

/** A node that is at fault. */
export interface FaultyNode {
  readonly name: string;
  readonly opType: string;
  /** Its output. */
  readonly value: string;
}

export interface Fault {
  /** "load": no session was made of the model; "run": a run failed; "values": it gives other numbers. */
  readonly kind: "load" | "run" | "values";
  readonly runner: string;
  /** Undefined where every node by itself is right. */
  readonly node: FaultyNode | undefined;
  /** Names of the nodes that the runner may have fused with it, the node itself among them. */
  readonly group: readonly string[];
  /** How far its output is from that of the first runner, on the same inputs. */
  readonly difference: Difference | undefined;
}

/** A runner that does not load a model, fails to run it, or computes something else than it should. */
export class VerificationError extends QuantizeError {
  override readonly code = "VERIFICATION";
  readonly fault: Fault;
  constructor(fault: Fault, detail: string, options: ErrorOptions = {}) {
    super(`${placeOf(fault)}: ${detail}`);
    this.fault = fault;
    if (options.cause !== undefined) this.cause = options.cause;
  }
  /** Name of the node at fault, where one is known. */
  get node(): string | undefined {
    return this.fault.node?.name;
  }
  get runner(): string {
    return this.fault.runner;
  }
}

function placeOf({ runner, node }: Fault): string {
  return node === undefined ? runner : `${runner}, node ${JSON.stringify(node.name)} (${node.opType})`;
}

export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.trim() : String(cause);
}
