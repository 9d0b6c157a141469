/** What can go wrong between a model and a backend, as data. */
import { BitbudgetError } from "@bitbudget/core";

/** A node that cannot run, and why. */
export interface UnsupportedNode {
  readonly name: string;
  readonly domain: string;
  readonly opType: string;
  readonly opset: number;
  readonly reason: string;
}

/** Operators that the runtime does not have, or that the chosen backend does not run; all of them at once. */
export class UnsupportedOperatorsError extends BitbudgetError {
  readonly code = "UNSUPPORTED_OPERATORS";
  readonly nodes: readonly UnsupportedNode[];
  constructor(nodes: readonly UnsupportedNode[]) {
    const lines = nodes.map(
      ({ name, domain, opType, opset, reason }) =>
        `  ${domain === "" ? "" : `${domain}.`}${opType} (opset ${opset}), node ${JSON.stringify(name)}: ${reason}`,
    );
    super(
      `the model has ${nodes.length} unsupported ${nodes.length === 1 ? "node" : "nodes"}:\n${lines.join("\n")}`,
    );
    this.nodes = nodes;
  }
}

/** Feeds that do not match the inputs of the model. */
export class FeedError extends BitbudgetError {
  readonly code = "FEED";
  readonly input: string;
  constructor(input: string, message: string) {
    super(`input ${JSON.stringify(input)} ${message}`);
    this.input = input;
  }
}

/** A node whose inputs or attributes contradict its operator, found while planning. */
export class NodeError extends BitbudgetError {
  readonly code = "NODE";
  readonly node: string;
  readonly opType: string;
  constructor(node: string, opType: string, message: string, options?: ErrorOptions) {
    super(`node ${JSON.stringify(node)} (${opType}): ${message}`);
    this.node = node;
    this.opType = opType;
    if (options?.cause !== undefined) this.cause = options.cause;
  }
}

/** A name that the graph does not have. */
export class ValueNameError extends BitbudgetError {
  readonly code = "VALUE_NAME";
  readonly value: string;
  constructor(value: string, message: string) {
    super(`${JSON.stringify(value)} ${message}`);
    this.value = value;
  }
}
