/** Bodies of control flow: a scope for each run through one, and its results in the scope around it. */
import type { GraphProto, NodeProto } from "@bitbudget/onnx";
import type { NodeLowering } from "./lowering.ts";
import type { Planner, Task } from "./planner.ts";
import type { Scope, Value } from "./values.ts";

/** A node with a body, and where it stands. */
export interface Call {
  readonly node: NodeProto;
  readonly scope: Scope;
  readonly inputs: readonly (Value | undefined)[];
  readonly planner: Planner;
  /** To read conditions and to emit what joins the results of rounds. */
  readonly lowering: NodeLowering;
}

/** A scope for one run through a body, and the tasks of that run. */
export function enterBody(body: GraphProto, scope: Scope, planner: Planner): { inner: Scope; tasks: Task[] } {
  const inner: Scope = { outer: scope, opsets: scope.opsets };
  return { inner, tasks: planner.options.program.enter(body, inner, planner.environment) };
}

/** Names the results of a body in the scope around it. */
export function bindOutputs(node: NodeProto, scope: Scope, inner: Scope, results: readonly string[]): Task {
  return {
    uses: results.map((name) => [inner, name] as const),
    plan(planner) {
      for (const [i, name] of node.output.entries())
        if (name !== "") planner.environment.set(scope, name, planner.lookup(inner, results[i] ?? "", node));
    },
  };
}
