/** Nothing is left of what was prepared, run and disposed, however often. */
import { createBackend, type KernelSpec, type Tensor } from "@bitbudget/backend";
import { tensor } from "@bitbudget/core";
import { describe, expect, test } from "vitest";
import { createContext } from "../../dist/create-context.js";
import { wasmDevice } from "../../dist/device.js";
import { kernels } from "../../dist/kernels/index.js";
import { planThreads, type ThreadOptions } from "../../dist/threads/plan.js";

const RUNS = 10_000;
const ways = {
  "one thread": { threads: 1 },
  "two threads": { threads: 2, minimumWork: 0 },
  "a queue": { threads: 2, minimumWork: 0, canWait: false },
} as const satisfies Record<string, ThreadOptions>;

/** Images with their channels first need memory while the kernel runs, beside its weights. */
const spec: KernelSpec<"conv2d"> = {
  op: "conv2d",
  inputs: [{ dtype: "float32", shape: [1, 3, 4, 4] }],
  attributes: {
    layout: "nchw",
    channels: 5,
    groups: 1,
    kernel: [3, 3],
    strides: [1, 1],
    dilations: [1, 1],
    pads: [1, 1, 1, 1],
    weight: { dtype: "float32" },
    output: "float32",
  },
};

describe.each(Object.keys(ways) as (keyof typeof ways)[])("with %s", (way) => {
  test(`${RUNS} kernels and tensors`, { timeout: 60_000 }, async () => {
    const context = await createContext({ build: "simd", plan: planThreads(ways[way]) });
    const device = wasmDevice(context, { key: "leaks", description: "" });
    await using backend = createBackend({ name: "wasm", device, context, kernels });
    const weight = tensor("float32", [5, 3, 3, 3]);
    const [input] = spec.inputs;
    const data = new Float32Array(48).fill(1);

    async function once(look: boolean): Promise<void> {
      using kernel = await backend.prepare(spec, { weight });
      const x = backend.create(input!, data);
      const y = backend.create(kernel.outputs[0]!);
      backend.dispatch(kernel, [x], [y]);
      // Written while the kernel may still have to read it.
      backend.write(x, data);
      backend.dispatch(kernel, [x], [y]);
      if (look) await backend.read(y);
      release(x, y);
    }

    // The workspace, which all kernels share, stays.
    await once(true);
    const used = context.memory.usedBytes;
    const size = context.memory.wasm.buffer.byteLength;
    for (let run = 0; run < RUNS; run++) await once(run % 16 === 15);
    await once(true);
    expect(backend.bytes).toBe(0);
    expect(context.memory.usedBytes).toBe(used);
    // Behind the queue, some of what waits to be free is held longer.
    expect(context.memory.wasm.buffer.byteLength).toBeLessThan(size + 16 * 2 ** 20);
  });
});

function release(...tensors: Tensor[]): void {
  for (const each of tensors) each.dispose();
}
