/** recurrent: against the kernels that each step stands for, and what directions, lengths and formats mean. */
import {
  type BinaryFunction,
  definitionOf,
  type KernelSpec,
  type RecurrentAttributes,
} from "@bitbudget/backend";
import { type DType, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectNumbers } from "./compare.ts";
import { run } from "./run.ts";

interface Layer {
  readonly attributes: RecurrentAttributes;
  readonly length: number;
  readonly batch: number;
  readonly hidden: number;
  /** Numbers from -2 to 2, as many as are asked for. */
  readonly numbers: readonly number[];
}

const gates = { lstm: 4, gru: 3, rnn: 1 } as const;

const layers = fc.record({
  attributes: fc.constantFrom<RecurrentAttributes>(
    { cell: "lstm" },
    { cell: "lstm", clip: 0.5 },
    { cell: "gru" },
    { cell: "gru", clip: 0.25 },
    { cell: "gru", linearBeforeReset: true },
    { cell: "rnn" },
    { cell: "rnn", clip: 0.5 },
  ),
  length: fc.integer({ min: 1, max: 4 }),
  batch: fc.integer({ min: 1, max: 3 }),
  hidden: fc.integer({ min: 1, max: 5 }),
  numbers: fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 7, maxLength: 30 }),
});

/** The inputs and weights of a layer in float64; those are float32. */
function tensorsOf({ attributes: { cell, linearBeforeReset }, length, batch, hidden, numbers }: Layer) {
  let at = 0;
  const make = (dtype: DType, ...shape: number[]) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return tensor(
      dtype,
      shape,
      Float64Array.from({ length: count }, () => numbers[at++ % numbers.length] ?? 0),
    );
  };
  const width = gates[cell] * hidden;
  const states = cell === "lstm" ? 2 : 1;
  return {
    inputs: [
      make("float64", length, batch, width),
      ...Array.from({ length: states }, () => make("float64", batch, hidden)),
    ],
    weights: {
      recurrence: make("float32", width, hidden),
      ...(linearBeforeReset && { bias: make("float32", hidden) }),
    },
  };
}

function specOf(inputs: readonly HostTensor[], attributes: RecurrentAttributes): KernelSpec<"recurrent"> {
  return { op: "recurrent", inputs: inputs.map(({ dtype, shape }) => ({ dtype, shape })), attributes };
}

/** Some rows of a tensor along its first axis. */
function rows({ dtype, shape, data }: HostTensor, from: number, to: number): HostTensor {
  const size = shape.slice(1).reduce((product, length) => product * length, 1);
  const values = valuesOf({ dtype, shape, data });
  return tensor(dtype, [to - from, ...shape.slice(1)], Array.from(values).slice(from * size, to * size));
}

async function binary(fn: BinaryFunction, a: HostTensor, b: HostTensor): Promise<HostTensor> {
  const [y] = await run({ op: "binary", inputs: [a, b], attributes: { function: fn } }, [a, b]);
  return y!;
}

async function unary(
  fn: "sigmoid" | "tanh",
  x: HostTensor,
  clip = Number.POSITIVE_INFINITY,
): Promise<HostTensor> {
  const clipped = { fn: "clip", min: -clip, max: clip } as const;
  const [bounded] = await run({ op: "unary", inputs: [x], attributes: { function: clipped } }, [x]);
  const [y] = await run({ op: "unary", inputs: [x], attributes: { function: { fn } } }, [bounded!]);
  return y!;
}

/** x times some rows of the recurrence, plus a bias. */
async function product(
  x: HostTensor,
  recurrence: HostTensor,
  from: number,
  to: number,
  bias?: HostTensor,
): Promise<HostTensor> {
  const weight = rows(recurrence, from, to);
  const attributes = {
    channels: to - from,
    weight: { dtype: "float32" },
    output: "float64",
    ...(bias && { bias: "float32" as const }),
  } as const;
  const [y] = await run({ op: "linear", inputs: [x], attributes }, [x], { weight, ...(bias && { bias }) });
  return y!;
}

/** Columns of the gates of one step. */
async function gate(x: HostTensor, hidden: number, index: number): Promise<HostTensor> {
  const [batch = 0] = x.shape;
  const attributes = { starts: [0, index * hidden], steps: [1, 1], sizes: [batch, hidden] };
  const [y] = await run({ op: "slice", inputs: [x], attributes }, [x]);
  return y!;
}

/** One step, written in other kernels. */
async function step(
  { attributes, batch, hidden }: Layer,
  { recurrence, bias }: { readonly recurrence: HostTensor; readonly bias?: HostTensor },
  x: HostTensor,
  states: readonly HostTensor[],
): Promise<HostTensor[]> {
  const { clip, cell, linearBeforeReset } = attributes;
  const [h, c] = states;
  const flat = { ...x, shape: [batch, gates[cell] * hidden] };
  const x_ = (index: number) => gate(flat, hidden, index);
  const r_ = (index: number, of: HostTensor, plus?: HostTensor) =>
    product(of, recurrence, index * hidden, (index + 1) * hidden, plus);
  const entering = async (index: number) => binary("add", await x_(index), await r_(index, h!));
  if (cell === "rnn") return [await unary("tanh", await entering(0), clip)];
  if (cell === "lstm") {
    const [i, o, f] = await Promise.all(
      [0, 1, 2].map(async (k) => unary("sigmoid", await entering(k), clip)),
    );
    const g = await unary("tanh", await entering(3), clip);
    const next = await binary("add", await binary("mul", f!, c!), await binary("mul", i!, g));
    return [await binary("mul", o!, await unary("tanh", next)), next];
  }
  const [z, r] = await Promise.all([0, 1].map(async (k) => unary("sigmoid", await entering(k), clip)));
  const recurrent = linearBeforeReset
    ? await binary("mul", r!, await r_(2, h!, bias))
    : await r_(2, await binary("mul", r!, h!));
  const n = await unary("tanh", await binary("add", await x_(2), recurrent), clip);
  // n + z (h - n)
  return [await binary("add", n, await binary("mul", z!, await binary("sub", h!, n)))];
}

function expectNear(actual: HostTensor | undefined, expected: HostTensor): void {
  const [a, b] = [actual === undefined ? [] : valuesOf(actual), valuesOf(expected)];
  expect(a.length).toBe(b.length);
  for (const [i, x] of b.entries()) expect(a[i]).toBeCloseTo(x, 12);
}

describe("recurrent", () => {
  test("is a chain of the kernels that a step stands for", async () => {
    await fc.assert(
      fc.asyncProperty(layers, async (layer) => {
        const { inputs, weights } = tensorsOf(layer);
        const [y, ...last] = await run(specOf(inputs, layer.attributes), inputs, weights);
        let states = inputs.slice(1);
        for (let t = 0; t < layer.length; t++) {
          states = await step(layer, weights, rows(inputs[0]!, t, t + 1), states);
          expectNear(rows(y!, t, t + 1), states[0]!);
        }
        for (const [i, state] of states.entries()) expectNear(last[i], state);
      }),
      { numRuns: 40 },
    );
  });

  test("goes on where it stopped: two halves of a sequence are the whole", async () => {
    await fc.assert(
      fc.asyncProperty(layers, fc.nat(4), async (layer, cut) => {
        const { inputs, weights } = tensorsOf(layer);
        const [x, ...states] = inputs;
        const at = Math.min(cut, layer.length);
        const [first, second] = [rows(x!, 0, at), rows(x!, at, layer.length)];
        const [whole, ...last] = await run(specOf(inputs, layer.attributes), inputs, weights);
        const [y1, ...middle] = await run(
          specOf([first, ...states], layer.attributes),
          [first, ...states],
          weights,
        );
        const [y2, ...end] = await run(
          specOf([second, ...middle], layer.attributes),
          [second, ...middle],
          weights,
        );
        expectNumbers([...valuesOf(y1!), ...valuesOf(y2!)], valuesOf(whole!));
        for (const [i, state] of last.entries()) expectNumbers(valuesOf(end[i]!), valuesOf(state));
      }),
      { numRuns: 40 },
    );
  });

  test("in reverse: steps and results from the last to the first", async () => {
    await fc.assert(
      fc.asyncProperty(layers, async (layer) => {
        const { inputs, weights } = tensorsOf(layer);
        const [x, ...states] = inputs;
        const turned = (of: HostTensor): HostTensor => {
          const steps = Array.from({ length: layer.length }, (_, t) => [...valuesOf(rows(of, t, t + 1))]);
          return tensor(of.dtype, of.shape, steps.reverse().flat());
        };
        const [y, ...last] = await run(specOf(inputs, layer.attributes), inputs, weights);
        const back = [turned(x!), ...states];
        const attributes = { ...layer.attributes, reverse: true };
        const [z, ...first] = await run(specOf(back, attributes), back, weights);
        expectNumbers(valuesOf(turned(z!)), valuesOf(y!));
        for (const [i, state] of last.entries()) expectNumbers(valuesOf(first[i]!), valuesOf(state));
      }),
      { numRuns: 20 },
    );
  });

  test("rounds results, not the states between them", async () => {
    // h = tanh(0.1), which float16 rounds by about 1 in 2^12; then tanh(4 h).
    const values = { x: [0.1, 0], recurrence: [4] };
    const layer = async (dtype: DType) => {
      const inputs = [tensor(dtype, [2, 1, 1], values.x), tensor(dtype, [1, 1])];
      const weights = { recurrence: tensor("float32", [1, 1], values.recurrence) };
      return run(specOf(inputs, { cell: "rnn" }), inputs, weights);
    };
    const [half] = await layer("float16");
    const { tanh } = Math;
    const [x = 0] = valuesOf(tensor("float16", [1], [0.1]));
    const exactly = tensor("float16", [2, 1, 1], [tanh(x), tanh(4 * tanh(x))]);
    expectNumbers(valuesOf(half!), valuesOf(exactly));
    const [rounded = 0] = valuesOf(half!);
    expect(valuesOf(tensor("float16", [1], [tanh(4 * rounded)]))[0]).not.toBe(valuesOf(exactly)[1]);
  });

  test("the bound grows with the units, not with the steps", () => {
    const spec = (length: number, hidden: number) =>
      specOf([tensor("float32", [length, 1, hidden]), tensor("float32", [1, hidden])], { cell: "rnn" });
    const ulp = (of: KernelSpec<"recurrent">) => definitionOf(of).tolerance(of).ulp;
    expect(ulp(spec(5, 10))).toBe(10 + 48 + 3);
    expect(ulp(spec(500, 10))).toBe(10 + 48 + 3);
  });
});
