/** where: elements of one tensor or the other, as a condition says, with broadcasting (ONNX Where). */
import { exact } from "../tolerance.ts";
import { broadcastShapes } from "./broadcast.ts";
import { check, checkDtype, checkInputCount, input, type OpDefinition, size } from "./definition.ts";
import { checkWholeBytes } from "./layout.ts";

/** Inputs: condition (bool), what is taken where it is true, what is taken where it is false. */
export type WhereAttributes = Readonly<Record<never, never>>;

export const where: OpDefinition<"where"> = {
  op: "where",
  summary: "elements of one tensor or the other, by a condition",
  onnx: ["Where"],
  outputs(spec) {
    checkInputCount(spec, 3);
    const [condition, a, b] = [input(spec, 0), input(spec, 1), input(spec, 2)];
    checkDtype(spec, "inputs[0].dtype", condition.dtype, ["bool"]);
    checkWholeBytes(spec, a.dtype);
    check(b.dtype === a.dtype, spec, "inputs[2].dtype", `must be ${a.dtype} like the second`);
    return [{ dtype: a.dtype, shape: broadcastShapes(spec, condition.shape, a.shape, b.shape) }];
  },
  operands: (spec) => ({ activation: input(spec, 1).dtype, output: input(spec, 1).dtype }),
  operations: (spec) => size(broadcastShapes(spec, ...spec.inputs.map(({ shape }) => shape))),
  tolerance: () => exact,
};
