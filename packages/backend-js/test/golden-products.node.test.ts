/** Products of codes in linear and matmul equal onnxruntime's bit for bit; MatMulNBits is within its tolerance. */
import { definitionOf, type KernelSpec, type WeightFormat } from "@bitbudget/backend";
import { type DType, type HostTensor, scalar, tensor, valuesOf } from "@bitbudget/core";
import { describe, expect, test } from "vitest";
import { expectClose, expectSame } from "./compare.ts";
import { type GoldenCase, goldenCases } from "./golden.ts";
import { run } from "./run.ts";
import { transpose, weightsOf } from "./tensors.ts";

function named(cases: readonly GoldenCase[]) {
  return cases.map((golden) => [golden.name, golden] as const);
}

interface Product {
  readonly a: HostTensor;
  readonly aScale?: HostTensor | undefined;
  readonly aZeroPoint?: HostTensor | undefined;
  /** [..., K, N] */
  readonly b: HostTensor;
  readonly bScale?: HostTensor | undefined;
  readonly bZeroPoint?: HostTensor | undefined;
  readonly bias?: HostTensor | undefined;
  readonly outputScale?: HostTensor | undefined;
  readonly outputZeroPoint?: HostTensor | undefined;
  readonly output: DType;
}

/** Both operands as activations. */
function asMatmul(p: Product): Promise<HostTensor[]> {
  const spec: KernelSpec<"matmul"> = { op: "matmul", inputs: [p.a, p.b], attributes: { output: p.output } };
  return run(spec, [p.a, p.b], {
    aZeroPoint: p.aZeroPoint ?? scalar(p.a.dtype, 0),
    bZeroPoint: p.bZeroPoint ?? scalar(p.b.dtype, 0),
    ...(p.aScale && p.bScale && { aScale: p.aScale, bScale: p.bScale }),
    ...(p.outputScale &&
      p.outputZeroPoint && { outputScale: p.outputScale, outputZeroPoint: p.outputZeroPoint }),
  });
}

/** The second operand as a constant. */
function asLinear(p: Product): Promise<HostTensor[]> {
  const channels = p.b.shape[1]!;
  const { granularity, tensors } = weightsOf(channels, p.bScale, p.bZeroPoint);
  const weight: WeightFormat = { dtype: p.b.dtype, granularity, zeroPoint: p.bZeroPoint !== undefined };
  const spec: KernelSpec<"linear"> = {
    op: "linear",
    inputs: [p.a],
    attributes: { channels, weight, output: p.output, ...(p.bias && { bias: "int32" }) },
  };
  return run(spec, [p.a], {
    weight: transpose(p.b, [1, 0]),
    ...tensors,
    inputZeroPoint: p.aZeroPoint ?? scalar(p.a.dtype, 0),
    ...(p.aScale && { inputScale: p.aScale }),
    ...(p.bias && { bias: p.bias }),
    ...(p.outputScale &&
      p.outputZeroPoint && { outputScale: p.outputScale, outputZeroPoint: p.outputZeroPoint }),
  });
}

/** As both ops, where they take it: matmul has one scale and zero point, linear a constant matrix. */
async function expectProduct(p: Product, expected: HostTensor): Promise<void> {
  const isMatrix = p.b.shape.length === 2;
  const perColumn = [p.bScale, p.bZeroPoint].some((parameter) => parameter?.shape.length === 1);
  expect(isMatrix || !perColumn).toBe(true);
  if (isMatrix) expectSame((await asLinear(p))[0], expected);
  if (!perColumn && p.a.shape.length >= 2) expectSame((await asMatmul(p))[0], expected);
}

describe("MatMulInteger", () => {
  test.each(named(goldenCases("qlinear", "MatMulInteger")))("%s", (_, golden) =>
    expectProduct(
      {
        a: golden.input("A"),
        aZeroPoint: golden.optional("a_zero_point"),
        b: golden.input("B"),
        bZeroPoint: golden.optional("b_zero_point"),
        output: "int32",
      },
      golden.output("Y"),
    ),
  );
});

describe("QLinearMatMul", () => {
  test.each(named(goldenCases("qlinear", "QLinearMatMul")))("%s", (_, golden) =>
    expectProduct(
      {
        a: golden.input("a"),
        aScale: golden.input("a_scale"),
        aZeroPoint: golden.input("a_zero_point"),
        b: golden.input("b"),
        bScale: golden.input("b_scale"),
        bZeroPoint: golden.input("b_zero_point"),
        outputScale: golden.input("y_scale"),
        outputZeroPoint: golden.input("y_zero_point"),
        output: golden.output("y").dtype,
      },
      golden.output("y"),
    ),
  );
});

describe("QGemm", () => {
  test.each(named(goldenCases("qlinear", "QGemm")))("%s", async (_, golden) => {
    const expected = golden.output("Y");
    const a = golden.input("A");
    const b = golden.input("B");
    const [aScale = 1] = valuesOf(golden.input("a_scale"));
    const [y] = await asLinear({
      a: golden.number("transA", 0) === 1 ? transpose(a, [1, 0]) : a,
      aScale: scalar("float32", Math.fround(golden.number("alpha", 1)) * aScale),
      aZeroPoint: golden.input("a_zero_point"),
      b: golden.number("transB", 0) === 1 ? transpose(b, [1, 0]) : b,
      bScale: golden.input("b_scale"),
      bZeroPoint: golden.input("b_zero_point"),
      bias: golden.optional("C"),
      outputScale: golden.optional("y_scale"),
      outputZeroPoint: golden.optional("y_zero_point"),
      output: expected.dtype,
    });
    // onnxruntime rounds a sum to float32 before it scales it: two roundings more than ours.
    if (expected.dtype === "float32") expectClose(y, expected, { ulp: 2, of: "result" });
    else expectSame(y, expected);
  });
});

/** MatMulNBits' constant operand as the contract has it: [N, K] codes, and zero points, without the filling. */
function nbits(golden: GoldenCase) {
  const bits = golden.number("bits", 4);
  const [depth, channels, size] = [
    golden.number("K", 0),
    golden.number("N", 0),
    golden.number("block_size", 0),
  ];
  const blocks = Math.ceil(depth / size);
  const dtype = bits === 8 ? "uint8" : bits === 4 ? "uint4" : "uint2";
  const rows = (packed: HostTensor, length: number) => {
    const padded = packed.data.length / channels / (bits / 8);
    const codes = valuesOf({ dtype, shape: [channels, padded], data: packed.data });
    return tensor(
      dtype,
      [channels, length],
      Array.from(
        { length: channels * length },
        (_, i) => codes[Math.floor(i / length) * padded + (i % length)]!,
      ),
    );
  };
  const given = golden.optional("zero_points");
  const middle = new Array<number>(channels * blocks).fill(2 ** (bits - 1));
  const zeroPoint = given ? rows(given, blocks) : tensor(dtype, [channels, blocks], middle);
  const scales = golden.input("scales");
  const bias = golden.optional("bias");
  const weights = {
    weight: rows(golden.input("B"), depth),
    scale: tensor("float32", [channels, blocks], valuesOf(scales)),
    zeroPoint,
    ...(bias && { bias }),
  };
  const spec: KernelSpec<"linear"> = {
    op: "linear",
    inputs: [golden.input("A")],
    attributes: {
      channels,
      weight: { dtype, granularity: { kind: "block", size }, zeroPoint: true },
      output: "float32",
      ...(bias && { bias: "float32" }),
      ...(golden.number("accuracy_level", 0) === 4 && { dynamic: { dtype: "int8", granularity: "block" } }),
    },
  };
  return { spec, weights };
}

/** Sums of absolute values, for the tolerance. */
function magnitudes({ spec, weights }: ReturnType<typeof nbits>, x: HostTensor): number[] {
  const { channels, weight } = spec.attributes;
  const size = weight.granularity?.kind === "block" ? weight.granularity.size : 1;
  const [codes, scales, zeros] = [weights.weight, weights.scale, weights.zeroPoint].map(valuesOf);
  const bias = weights.bias && valuesOf(weights.bias);
  const depth = x.shape.at(-1)!;
  const blocks = Math.ceil(depth / size);
  const numbers = valuesOf(x);
  const sums: number[] = [];
  for (let row = 0; row < numbers.length / depth; row++)
    for (let n = 0; n < channels; n++) {
      let sum = Math.abs(bias?.[n] ?? 0);
      for (let k = 0; k < depth; k++) {
        const block = n * blocks + Math.floor(k / size);
        sum += Math.abs(
          numbers[row * depth + k]! * (codes![n * depth + k]! - zeros![block]!) * scales![block]!,
        );
      }
      sums.push(sum);
    }
  return sums;
}

describe("MatMulNBits", () => {
  // The contract has zero points in the format of the codes.
  const cases = goldenCases("nbits", "MatMulNBits").filter(({ name }) => !name.includes("zero points float"));
  // With accuracy_level 4 activations become int8 by block, as our dynamic ones do.
  const dynamic = goldenCases("nbits", "MatMulNBits", "departures").filter(({ name }) =>
    name.endsWith("accuracy_level 4"),
  );
  expect(dynamic).toHaveLength(3);
  test.each(named([...cases, ...dynamic]))("%s", async (_, golden) => {
    const { spec, weights } = nbits(golden);
    const x = golden.input("A");
    const [y] = await run(spec, [x], weights);
    expectClose(y, golden.output("Y"), definitionOf(spec).tolerance(spec), magnitudes({ spec, weights }, x));
  });
});
