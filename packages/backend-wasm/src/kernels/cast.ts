/** cast: the same numbers in another format, by way of float32, int64 or float64: whichever rounds but once. */
import type { KernelRow } from "@bitbudget/backend";
import { type DType, dtypes } from "@bitbudget/core";
import * as code from "../codes.ts";
import {
  floats,
  formatCode,
  fromFloat32,
  fromInt64,
  integers,
  packed,
  packedCodes,
  toFloat32,
  toInt64,
} from "../elementwise/formats.ts";
import { ProgramBuilder, type Strip } from "../elementwise/program.ts";
import { type KernelSource, wasmKernel } from "../kernel.ts";

const formats: readonly DType[] = [...floats, "float64", ...integers, ...packedCodes, "bool"];

export const castSource: KernelSource<"cast"> = {
  rows: formats.flatMap((activation) =>
    formats.map((output): KernelRow => ({ activation, output, arithmetic: "native" })),
  ),
  compile(context, { inputs: [x], attributes: { to } }, _, owned) {
    const { dtype: from, shape } = x!;
    const program = new ProgramBuilder({ dtype: to, shape });
    convert(program, program.input(0, x!), from, to);
    return program.build(context, owned);
  },
};

export const cast = wasmKernel(castSource);

function convert(program: ProgramBuilder, strip: Strip, from: DType, to: DType): void {
  const toFloat = dtypes[to].kind === "float";
  if (from === to) program.step(code.COPY, 0, [strip], { bits: dtypes[to].bits });
  else if (from === "float64") fromDouble(program, strip, to);
  else if (dtypes[from].kind !== "float" && !toFloat)
    ensureStep(program, fromInt64(program, toInt64(program, strip, from), to), to);
  else if (dtypes[from].bits >= 32 && from !== "float32" && to !== "float32") {
    // Integers that float32 would round, on their way to another float. float64 rounds those of 64 bits itself.
    const odd = to === "float64" ? 0 : 1;
    const double = program.step(code.DECODE_DOUBLE, formatCode(from), [strip], { bits: 64, alpha: odd });
    if (to !== "float64") fromDouble(program, double, to);
  } else ensureStep(program, fromFloat32(program, toFloat32(program, strip, from), to), to);
}

function fromDouble(program: ProgramBuilder, strip: Strip, to: DType): void {
  const { bits } = dtypes[to];
  const wide = program.step(code.ENCODE_DOUBLE, formatCode(to), [strip], { bits: Math.max(8, bits) });
  packed(program, wide, to);
}

/** Between formats that are the same bits there is nothing to do but to copy them. */
function ensureStep(program: ProgramBuilder, strip: Strip, to: DType): void {
  if (strip.role !== "step") program.step(code.COPY, 0, [strip], { bits: dtypes[to].bits });
}
