/** Joins the results of the rounds of a Loop or Scan along a new axis. */
import { allocateStorage, isDType } from "@bitbudget/core";
import { elementType, makeAttribute, type ValueInfoProto } from "@bitbudget/onnx";
import type { Lowering } from "./operator.ts";
import type { Value } from "./values.ts";

/** @param declared what the body says of the result, for the case that there was no round */
export function stack(
  lowering: Lowering,
  values: readonly Value[],
  axis: number,
  declared: ValueInfoProto | undefined,
): Value {
  const [first] = values;
  if (first === undefined) return empty(lowering, declared);
  const rank = first.type.shape.length + 1;
  const at = axis < 0 ? axis + rank : axis;
  const slices = values.map((value) =>
    lowering.reshape(value, [...value.type.shape.slice(0, at), 1, ...value.type.shape.slice(at)]),
  );
  const [joined] = lowering.operator("Concat", slices, [makeAttribute("axis", BigInt(at))]);
  return joined ?? lowering.fail("could not join the results of its rounds");
}

/** No round: length 0 along the new axis, the declared sizes (0 where open) along the others. */
function empty(lowering: Lowering, declared: ValueInfoProto | undefined): Value {
  const type = declared?.type?.value.case === "tensorType" ? declared.type.value.value : undefined;
  const dtype = elementType(type?.elemType ?? 0);
  if (dtype === undefined || !isDType(dtype))
    lowering.fail("has no rounds and its body does not declare the type of its results");
  const sizes =
    type?.shape?.dim.map(({ value }) => (value.case === "dimValue" ? Number(value.value) : 0)) ?? [];
  return lowering.known({ dtype, shape: [0, ...sizes], data: allocateStorage(dtype, 0) });
}
