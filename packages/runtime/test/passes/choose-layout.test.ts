/** A device that computes images with the channels last gives the same results, with Transposes at the ends alone. */
import { type Backend, createBackend } from "@bitbudget/backend";
import { hostDevice, kernels, open } from "@bitbudget/backend-js";
import { type HostTensor, tensor } from "@bitbudget/core";
import { makeNode, type NodeProto } from "@bitbudget/onnx";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSession } from "../../src/index.ts";
import { firstDifference } from "../support/compare.ts";
import { type GraphParts, modelOf } from "../support/models.ts";
import { dequantize, Qdq, quantize } from "../support/qdq.ts";
import { randomFloats, randomIntegers } from "../support/random.ts";

let first: Backend;
let last: Backend;
beforeAll(async () => {
  first = await open();
  const device = hostDevice();
  const info = { ...device.info, imageLayout: "nhwc" } as const;
  last = createBackend({ name: "channels last", device: { ...device, info }, context: undefined, kernels });
});
afterAll(async () => {
  await first.dispose();
  await last.dispose();
});

const image = randomFloats([2, 3, 6, 6], 1);

/** Runs on both devices with equal results. Returns the kernels of the second, less the formats. */
async function onBoth(
  parts: GraphParts,
  x: HostTensor = image,
  capture: readonly string[] = [],
): Promise<string[]> {
  const model = modelOf(parts);
  await using reference = await createSession(model, { backend: first });
  await using session = await createSession(model, { backend: last });
  const expected = await reference.run({ x }, { capture });
  const actual = await session.run({ x }, { capture });
  for (const [name, value] of Object.entries(expected))
    expect(firstDifference(actual[name], value), name).toBeUndefined();
  return session.plan?.rows.map(({ kernel }) => kernel.split(" ")[0] ?? "") ?? [];
}

const transposes = (ops: readonly string[]) => ops.filter((op) => op === "transpose").length;
const same = { pads: [1n, 1n, 1n, 1n] };
const constants: Record<string, HostTensor> = {
  w1: randomFloats([4, 3, 3, 3], 2),
  w2: randomFloats([4, 4, 3, 3], 3),
  w3: randomFloats([4, 1, 3, 3], 4),
  b: randomFloats([4], 5),
  two: tensor("float32", [1], [2]),
  row: randomFloats([6], 6),
  channels: randomFloats([4, 1, 1], 7),
  more: randomFloats([1, 4, 1, 1], 8),
  rows: randomFloats([6, 1], 7),
  variance: tensor("float32", [4], [1, 2, 0.5, 0.25]),
};

function network(nodes: readonly NodeProto[], more: Partial<GraphParts> = {}): GraphParts {
  return {
    inputs: { x: ["float32", [2, 3, 6, 6]] },
    outputs: { y: ["float32", []] },
    constants,
    nodes,
    ...more,
  };
}

/** c = a convolution of x to 4 channels. */
const start = makeNode("Conv", ["x", "w1", "b"], ["c"], { attributes: same });

describe("a chain of convolutions", () => {
  test("has one transpose at its start and one at its end", async () => {
    const ops = await onBoth(
      network([
        start,
        makeNode("Relu", ["c"], ["r"]),
        makeNode("Conv", ["r", "w3"], ["d"], { attributes: { ...same, group: 4n, strides: [2n, 1n] } }),
        makeNode("Sigmoid", ["d"], ["s"]),
        makeNode("Mul", ["d", "s"], ["m"]),
        makeNode("Mul", ["m", "two"], ["n"]),
        makeNode("Softplus", ["n"], ["o"]),
        makeNode("Conv", ["o", "w2"], ["y"], { attributes: { auto_pad: "SAME_LOWER" } }),
      ]),
    );
    expect(ops[0]).toBe("transpose");
    expect(ops.at(-1)).toBe("transpose");
    expect(transposes(ops)).toBe(2);
  });

  test("with residuals, pools, joins and a head has one at its start: a pixel needs none", async () => {
    const ops = await onBoth(
      network([
        start,
        makeNode("MaxPool", ["c"], ["p"], {
          attributes: { kernel_shape: [2n, 2n], strides: [2n, 2n], ceil_mode: 1n },
        }),
        makeNode("AveragePool", ["c"], ["a"], {
          attributes: {
            kernel_shape: [3n, 3n],
            strides: [2n, 2n],
            pads: [1n, 1n, 1n, 1n],
            count_include_pad: 1n,
          },
        }),
        makeNode("Conv", ["p", "w2", "b"], ["d"], { attributes: same }),
        makeNode("Add", ["d", "p"], ["s"]),
        makeNode("Concat", ["s", "a", "p"], ["j"], { attributes: { axis: 1n } }),
        makeNode("Concat", ["j", "j"], ["k"], { attributes: { axis: -1n } }),
        makeNode("GlobalAveragePool", ["k"], ["g"]),
        makeNode("Flatten", ["g"], ["y"]),
      ]),
    );
    expect(transposes(ops)).toBe(1);
  });

  test("keeps numbers for each channel along the last axis", async () => {
    const ops = await onBoth(
      network([
        start,
        makeNode("Mul", ["channels", "c"], ["m"]),
        makeNode("BatchNormalization", ["m", "b", "b", "b", "variance"], ["n"]),
        makeNode("Add", ["n", "more"], ["y"]),
      ]),
    );
    expect(ops).toEqual(["transpose", "conv2d", "elementwise", "transpose"]);
  });

  test("takes the channels as a model has them that moves them itself", async () => {
    const ops = await onBoth(
      network(
        [
          makeNode("Transpose", ["x"], ["t"], { attributes: { perm: [0n, 3n, 1n, 2n] } }),
          makeNode("Conv", ["t", "w1"], ["c"]),
          makeNode("Transpose", ["c"], ["y"], { attributes: { perm: [0n, 2n, 3n, 1n] } }),
        ],
        { inputs: { x: ["float32", [2, 6, 6, 3]] } },
      ),
      randomFloats([2, 6, 6, 3], 1),
    );
    expect(transposes(ops)).toBe(0);
  });

  test("gives captured values as they were", async () => {
    const nodes = [start, makeNode("Relu", ["c"], ["r"]), makeNode("Conv", ["r", "w2"], ["y"])];
    expect(transposes(await onBoth(network(nodes), image, ["c", "r"]))).toBe(4);
  });
});

describe("channels come first again", () => {
  test.each([
    ["a row that broadcasts", [makeNode("Add", ["c", "row"], ["y"])]],
    ["a number for each row", [makeNode("Mul", ["c", "rows"], ["y"])]],
    ["a matrix product", [makeNode("MatMul", ["c", "c"], ["y"])]],
    ["a softmax", [makeNode("Softmax", ["c"], ["y"], { attributes: { axis: 1n } })]],
    [
      "indices of maxima",
      [makeNode("MaxPool", ["c"], ["y", "i"], { attributes: { kernel_shape: [2n, 2n] } })],
    ],
    ["windows that see nothing but padding", [pooledPadding()]],
    ["a sum of moments", [makeNode("ReduceMean", ["c"], ["y"], { attributes: { keepdims: 0n } })]],
  ])("for %s", async (_, nodes) => {
    await onBoth(network([start, ...nodes]));
  });

  test("only for what is known to be an image: filters of three axes, filters that are fed", async () => {
    const signal = randomFloats([2, 3, 6], 1);
    const flat = network([makeNode("Conv", ["x", "w"], ["y"])], {
      inputs: { x: ["float32", [2, 3, 6]] },
      constants: { w: randomFloats([4, 3, 3], 2) },
    });
    expect(transposes(await onBoth(flat, signal))).toBe(0);
    const pool = network([makeNode("GlobalAveragePool", ["x"], ["y"])]);
    expect(transposes(await onBoth(pool))).toBe(0);
  });
});

/** A window in the corner lies in the padding altogether, which no kernel takes. */
function pooledPadding(): NodeProto {
  const attributes = { kernel_shape: [2n, 2n], pads: [2n, 2n, 0n, 0n], count_include_pad: 1n };
  return makeNode("AveragePool", ["c"], ["y"], { attributes });
}

describe("a quantized residual network", () => {
  /** x, quantized; two convolutions and their sum; pools; codes or float32 at the end. */
  function quantized(end: readonly NodeProto[]): GraphParts {
    const qdq = new Qdq()
      .code("x", 0.01, "uint8", 120)
      .code("h", 0.05, "uint8", 110)
      .code("s", 0.08, "uint8", 128);
    const weights = randomIntegers("int8", [4, 3, 3, 3], 2, -127, 128);
    const scales = { scale: tensor("float32", [4], [0.01, 0.02, 0.005, 0.01]), zero: tensor("int8", [4]) };
    qdq.add({ w: weights, w_scale: scales.scale, w_zero: scales.zero });
    qdq.add({
      v: randomIntegers("int8", [4, 4, 3, 3], 3, -127, 128),
      v_scale: scales.scale,
      v_zero: scales.zero,
    });
    return network(
      [
        quantize("x", "qx", "x"),
        dequantize("qx", "dx", "x"),
        dequantize("w", "dw", "w", 0),
        dequantize("v", "dv", "v", 0),
        makeNode("Conv", ["dx", "dw"], ["c"], { attributes: same }),
        quantize("c", "qc", "h"),
        dequantize("qc", "dc", "h"),
        makeNode("Conv", ["dc", "dv"], ["d"], { attributes: same }),
        quantize("d", "qd", "h"),
        dequantize("qd", "dd", "h"),
        makeNode("Add", ["dc", "dd"], ["sum"]),
        quantize("sum", "qs", "s"),
        dequantize("qs", "ds", "s"),
        ...end,
      ],
      { constants: qdq.constants },
    );
  }

  test.each([
    ["GlobalAveragePool", {}, 1],
    ["MaxPool", { kernel_shape: [2n, 2n] }, 2],
    ["AveragePool", { kernel_shape: [2n, 2n], pads: [1n, 0n, 0n, 1n] }, 2],
    ["Sigmoid", {}, 2],
    ["Neg", {}, 2],
  ] as const)("that ends with %s", async (opType, attributes, count) => {
    const nodes = [
      makeNode(opType, ["ds"], ["e"], { attributes }),
      quantize("e", "qe", "s"),
      dequantize("qe", "y", "s"),
    ];
    const ops = await onBoth(quantized(nodes));
    expect(transposes(ops)).toBe(count);
    expect(ops).toContain("conv2d");
  });

  test("that adds codes for each channel, and normalizes by numbers from codes", async () => {
    const nodes = [
      dequantize("row", "dr", "s"),
      makeNode("Add", ["dr", "ds"], ["a"]),
      quantize("a", "qa", "s"),
      dequantize("qa", "da", "s"),
      dequantize("moments", "dm", "h"),
      makeNode("BatchNormalization", ["da", "dm", "dm", "dm", "dm"], ["y"]),
    ];
    const parts = quantized(nodes);
    const more = {
      row: tensor("uint8", [4, 1, 1], [1, 80, 120, 255]),
      moments: tensor("uint8", [4], [120, 130, 140, 150]),
    };
    const ops = await onBoth({ ...parts, constants: { ...parts.constants, ...more } });
    expect(transposes(ops)).toBe(2);
    expect(ops.at(-2)).toBe("elementwise");
  });

  test("that joins codes", async () => {
    const nodes = [
      makeNode("Concat", ["ds", "dc"], ["e"], { attributes: { axis: 1n } }),
      quantize("e", "qe", "s"),
      dequantize("qe", "y", "s"),
    ];
    expect(transposes(await onBoth(quantized(nodes)))).toBe(2);
  });

  test("whose last convolution makes float32", async () => {
    const nodes = [makeNode("Conv", ["ds", "dv"], ["y"], { attributes: same })];
    expect(transposes(await onBoth(quantized(nodes)))).toBe(2);
  });

  test("of quantized weights alone", async () => {
    const nodes = [makeNode("Neg", ["ds"], ["n"]), makeNode("Conv", ["n", "dv", "bias"], ["y"])];
    const parts = quantized(nodes);
    await onBoth({ ...parts, constants: { ...parts.constants, bias: randomFloats([4], 9) } });
  });
});
