/** Tensors: what is in them, who owns them, when they are gone. */
import { VIEW_ALIGNMENT } from "@bitbudget/backend";
import { tensor } from "@bitbudget/core";
import { bytesOf } from "../guarded.ts";
import { type ContractCheck, Problems, probe, sameBytes } from "./check.ts";

const numbers = tensor("float32", [5], [1, -2.5, 3, 0, Number.NaN]);

export const transfer: ContractCheck = {
  name: "create, write and read copy",
  async run(open) {
    await using backend = await open();
    const problems = new Problems();
    using zeros = backend.create(numbers);
    problems.expect(
      bytesOf(await backend.read(zeros)).every((byte) => byte === 0),
      "create without data is not zero-filled",
    );
    const source = numbers.data.slice();
    using made = backend.create(numbers, source);
    source.fill(9);
    problems.expect(
      sameBytes(await backend.read(made), numbers),
      "create does not copy its data: later changes show",
    );
    bytesOf(await backend.read(made)).fill(1);
    problems.expect(sameBytes(await backend.read(made), numbers), "read gives out the tensor's own memory");
    backend.write(zeros, numbers.data);
    problems.expect(
      sameBytes(await backend.read(zeros), numbers),
      "write and read do not give back the same bytes",
    );
    using packed = backend.create({ dtype: "int4", shape: [3] }, Uint8Array.of(0x21, 0x03));
    const { dtype, shape, data } = await backend.read(packed);
    problems.expect(
      dtype === "int4" && shape.join() === "3" && data.join() === "33,3",
      "packed codes do not survive",
    );
    await problems.expectError("OPERAND", "create with too little data", () =>
      backend.create(numbers, new Float32Array(4)),
    );
    await problems.expectError("OPERAND", "create with an array of another type", () =>
      backend.create(numbers, new Int32Array(5)),
    );
    await problems.expectError("OPERAND", "write of too much data", () =>
      backend.write(made, new Float32Array(6)),
    );
    await problems.expectError("SHAPE", "create with a negative dimension", () =>
      backend.create({ dtype: "float32", shape: [-1] }),
    );
    return problems.list;
  },
};

export const views: ContractCheck = {
  name: "views look at the same memory",
  async run(open) {
    await using backend = await open();
    const problems = new Problems();
    const whole = backend.create({ dtype: "uint8", shape: [2 * VIEW_ALIGNMENT] });
    const held = backend.bytes;
    const view = backend.view(whole, numbers, VIEW_ALIGNMENT);
    problems.expect(backend.bytes === held, "a view counts as memory of its own");
    backend.write(view, numbers.data);
    const bytes = bytesOf(await backend.read(whole));
    const seen = bytes.subarray(VIEW_ALIGNMENT, VIEW_ALIGNMENT + numbers.data.byteLength);
    problems.expect(
      seen.join() === bytesOf(numbers).join(),
      "what is written through a view does not show in the whole",
    );
    await problems.expectError("OPERAND", "a view at an offset that is not aligned", () =>
      backend.view(whole, numbers, 4),
    );
    await problems.expectError("OPERAND", "a view beyond the end", () =>
      backend.view(whole, { dtype: "uint8", shape: [VIEW_ALIGNMENT + 1] }, VIEW_ALIGNMENT),
    );
    view.dispose();
    problems.expect(!whole.disposed, "disposing a view disposes what it looks at");
    const second = backend.view(whole, numbers);
    whole.dispose();
    problems.expect(second.disposed, "a view outlives what it looks at");
    await problems.expectError("DISPOSED", "a read of a view whose memory was disposed", () =>
      backend.read(second),
    );
    return problems.list;
  },
};

export const disposal: ContractCheck = {
  name: "memory is given back",
  async run(open) {
    await using backend = await open();
    const problems = new Problems();
    const used = await probe(backend);
    backend.dispatch(used.kernel, used.inputs, used.outputs);
    problems.expect(backend.bytes > 0, "bytes is 0 while tensors are alive");
    used.dispose();
    used.dispose();
    problems.expect(backend.bytes === 0, `bytes is ${backend.bytes} after everything was disposed`);
    problems.expect(used.kernel.disposed, "a disposed kernel does not say so");

    const { kernel, inputs, outputs, testCase } = await probe(backend);
    await backend.dispose();
    await backend.dispose();
    problems.expect(backend.bytes === 0, `bytes is ${backend.bytes} after the backend was disposed`);
    problems.expect(
      kernel.disposed && [...inputs, ...outputs].every(({ disposed }) => disposed),
      "tensors or kernels outlive their backend",
    );
    const calls = {
      create: () => backend.create(numbers),
      prepare: () => backend.prepare<typeof testCase.spec.op>(testCase.spec),
      dispatch: () => backend.dispatch(kernel, inputs, outputs),
      read: () => backend.read(inputs[0] ?? outputs[0]!),
    };
    for (const [name, call] of Object.entries(calls))
      await problems.expectError("DISPOSED", `${name} on a disposed backend`, call);
    return problems.list;
  },
};
