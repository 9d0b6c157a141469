/** A plan as a table: for each node, which kernel runs, where, how and why. */
import {
  type AnySpec,
  definitionOf,
  describeOperands,
  describeType,
  type ElementwiseStep,
  type KernelSpec,
  type Operands,
  type OpName,
} from "@bitbudget/backend";
import type { Plan } from "./plan.ts";
import type { PlanTable } from "./session.ts";
import type { Step } from "./steps.ts";

export interface PlanRow {
  /** Name of the ONNX node. */
  readonly node: string;
  readonly opType: string;
  /** Op of the kernel and the formats it works in; for host steps the operator. */
  readonly kernel: string;
  /** "native" and "decoded": a kernel of the backend. "fallback", "host": JavaScript on the host. */
  readonly how: "native" | "decoded" | "fallback" | "host";
  /** Why it is not a kernel of the backend. */
  readonly reason: string;
  readonly outputs: readonly string[];
}

export function describeStep(step: Step): PlanRow {
  const { node, opType } = step;
  const outputs = step.outputs.map(({ type }) => describeType(type));
  if (step.kind === "host")
    return { node, opType, kernel: opType, how: "host", reason: step.reason, outputs };
  const kernel = describeKernel(step.spec);
  if (step.kind === "fallback")
    return { node, opType, kernel, how: "fallback", reason: step.reason, outputs };
  return { node, opType, kernel, how: step.arithmetic, reason: "", outputs };
}

/** Op of a kernel and the formats it works in. */
export function describeKernel(spec: AnySpec): string {
  const kernel = `${spec.op} ${describeOperands(operandsOf(spec))}`;
  if (spec.op !== "elementwise") return kernel;
  return `${kernel}: ${spec.attributes.steps.map(nameOf).join(", ")}`;
}

function operandsOf<O extends OpName>(spec: KernelSpec<O>): Operands {
  return definitionOf(spec).operands(spec);
}

function nameOf(step: ElementwiseStep): string {
  if (step.kind === "unary") return step.function.fn;
  return step.kind === "binary" ? step.function : step.kind;
}

export function planTable(plan: Plan): PlanTable {
  const { rows, peakBytes } = plan;
  return {
    rows,
    peakBytes,
    toString: () => `${formatRows(rows)}\n${peakBytes} bytes of intermediate values`,
  };
}

function formatRows(rows: readonly PlanRow[]): string {
  const header = ["node", "operator", "kernel", "how", "output", "why"];
  const cells = rows.map((row) => [
    row.node,
    row.opType,
    row.kernel,
    row.how,
    row.outputs.join("; "),
    row.reason,
  ]);
  const widths = header.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)));
  return [header, ...cells]
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
