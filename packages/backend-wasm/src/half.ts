/**
 * float16 and bfloat16, in which no kernel computes: operands become float32 in the workspace, and results are rounded
 * from there. Rounding twice costs less than a unit in the last place of these formats, which tolerances allow for.
 */
import { definitionOf, type KernelRow, type KernelSpec, type OpName } from "@bitbudget/backend";
import { type DType, elementCount, type TensorType } from "@bitbudget/core";
import type { Context } from "./context.ts";
import type { Address, KernelSource, Run } from "./kernel.ts";
import { castSource } from "./kernels/cast.ts";
import type { Owned } from "./memory/owned.ts";

const halves: readonly DType[] = ["float16", "bfloat16"];
const narrow = ["float32", "float16", "bfloat16"] as const;

/**
 * A source that takes and gives these formats where the given one takes and gives float32. `output`: whether results are
 * in the format of the input, or in any.
 */
export function withHalves<O extends OpName>(
  source: KernelSource<O>,
  output: "same" | "any" = "same",
): KernelSource<O> {
  return {
    rows: source.rows.flatMap((row) => rowsOf(row, output)),
    refuse: (spec) => source.refuse?.(inFloat32(spec)),
    compile(context, spec, weights, owned) {
      const wide = inFloat32(spec);
      const run = source.compile(context, wide, weights, owned);
      const inputs = spec.inputs.map((type, i) => conversion(context, type, wide.inputs[i]!, owned));
      const results = definitionOf(wide).outputs(wide);
      const outputs = definitionOf(spec)
        .outputs(spec)
        .map((type, i) => conversion(context, results[i]!, type, owned));
      if ([...inputs, ...outputs].every((each) => each === undefined)) return run;
      return (from, to) => {
        const operands = from.map((address, i) => {
          const convert = inputs[i];
          if (convert === undefined) return address;
          convert.run([address], [convert.at()]);
          return convert.at();
        });
        run(
          operands,
          to.map((address, i) => outputs[i]?.at() ?? address),
        );
        for (const [i, convert] of outputs.entries()) convert?.run([convert.at()], [to[i]!]);
      };
    },
  };
}

function rowsOf(row: KernelRow, output: "same" | "any"): readonly KernelRow[] {
  const [fromFloat, toFloat] = [row.activation === "float32", row.output === "float32"];
  if (output === "same")
    return fromFloat && toFloat
      ? narrow.map((dtype) => ({ ...row, activation: dtype, output: dtype }))
      : [row];
  // Codes with static scales have no bfloat16 results in the contract.
  const outputs = row.activation === "uint8" || row.activation === "int8" ? narrow.slice(0, 2) : narrow;
  return (fromFloat ? narrow : [row.activation]).flatMap((activation) =>
    (toFloat ? outputs : [row.output]).map((each) => ({ ...row, activation, output: each })),
  );
}

function isHalf(dtype: unknown): boolean {
  return halves.some((half) => half === dtype);
}

/** The same spec in float32. */
function inFloat32<O extends OpName>(spec: KernelSpec<O>): KernelSpec<O> {
  const widened = (type: TensorType): TensorType =>
    isHalf(type.dtype) ? { dtype: "float32", shape: type.shape } : type;
  const { attributes } = spec;
  const output = "output" in attributes && isHalf(attributes.output) ? { output: "float32" } : {};
  return { ...spec, inputs: spec.inputs.map(widened), attributes: { ...attributes, ...output } };
}

interface Conversion {
  readonly run: Run;
  /** Where the float32 side of it lies while the kernel runs. */
  at(): Address;
}

/** From one format to another, by way of memory in the workspace; undefined where they are the same. */
function conversion(
  context: Context,
  from: TensorType,
  to: TensorType,
  owned: Owned,
): Conversion | undefined {
  if (from.dtype === to.dtype) return undefined;
  const at = owned.workspace(elementCount(from.shape) * Float32Array.BYTES_PER_ELEMENT);
  const spec: KernelSpec<"cast"> = { op: "cast", inputs: [from], attributes: { to: to.dtype } };
  return { run: castSource.compile(context, spec, {}, owned), at };
}
