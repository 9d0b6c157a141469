/** Kernels: what they are handed, in which order they run, how they are timed. */
import {
  type AnySpec,
  type Backend,
  definitionOf,
  type Timing,
  VIEW_ALIGNMENT,
  type WeightName,
} from "@bitbudget/backend";
import { type HostTensor, storageBytes, tensor } from "@bitbudget/core";
import { type Case, makeTensors, weightTypes } from "../case.ts";
import { type ContractCheck, findCase, Problems, probe, sameBytes } from "./check.ts";

export const specs: ContractCheck = {
  name: "a kernel keeps its own frozen spec",
  async run(open) {
    await using backend = await open();
    const problems = new Problems();
    const testCase = findCase(backend);
    const { spec } = testCase;
    const inputs = spec.inputs.map(({ dtype, shape }) => ({ dtype, shape: [...shape] }));
    using kernel = await backend.prepare<AnySpec["op"]>({ ...spec, inputs }, makeTensors(testCase).weights);
    for (const { shape } of inputs) shape.fill(77);
    problems.expect(
      JSON.stringify(kernel.spec) === JSON.stringify(spec),
      "kernel.spec is not the spec that was prepared",
    );
    problems.expect(
      Object.isFrozen(kernel.spec) && Object.isFrozen(kernel.spec.attributes),
      "kernel.spec is not frozen",
    );
    const outputs = definitionOf<AnySpec["op"]>(spec).outputs(spec);
    problems.expect(
      JSON.stringify(kernel.outputs) === JSON.stringify(outputs),
      "kernel.outputs is not what the spec gives",
    );
    return problems.list;
  },
};

export const weights: ContractCheck = {
  name: "weights are checked",
  async run(open) {
    await using backend = await open();
    const problems = new Problems();
    const withWeights = caseOf(backend, (testCase) => weightTypes(testCase.spec).length > 0);
    if (withWeights === undefined) return problems.list;
    const { spec } = withWeights;
    const { weights: given } = makeTensors(withWeights);
    const [role] = weightTypes(spec)[0] ?? [];
    if (role === undefined) return problems.list;
    const prepare = (changed: { readonly [W in WeightName]?: HostTensor }) => () =>
      backend.prepare<AnySpec["op"]>(spec, changed);
    const { [role]: taken, ...others } = given;
    await problems.expectError("OPERAND", `prepare without its ${role}`, prepare(others));
    if (taken === undefined) return problems.list;
    const longer = { ...taken, shape: [...taken.shape, 2] };
    await problems.expectError(
      "OPERAND",
      `prepare with a ${role} of another shape`,
      prepare({ ...given, [role]: longer }),
    );
    const shorter = { ...taken, data: taken.data.subarray(0, taken.data.length - 1) };
    await problems.expectError(
      "OPERAND",
      `prepare with a ${role} of too few bytes`,
      prepare({ ...given, [role]: shorter }),
    );
    const surplus = (["aScale", "mean"] as const).find((name) => given[name] === undefined) ?? "aScale";
    await problems.expectError(
      "OPERAND",
      "prepare with a weight that the spec has no use for",
      prepare({ ...given, [surplus]: taken }),
    );
    return problems.list;
  },
};

function caseOf(backend: Backend, suits: (testCase: Case) => boolean): Case | undefined {
  try {
    return findCase(backend, suits);
  } catch {
    return undefined;
  }
}

export const operands: ContractCheck = {
  name: "operands are checked",
  async run(open) {
    await using backend = await open();
    await using foreign = await open();
    const problems = new Problems();
    const { kernel, inputs, outputs, testCase } = await probe(backend);
    const other = await probe(foreign, ({ id }) => id === testCase.id);
    const [input] = inputs;
    if (input === undefined) return problems.list;
    const rest = inputs.slice(1);
    const { dtype, shape } = input.type;
    const longer = backend.create({ dtype, shape: [...shape, 2] });
    const reread = backend.create({ dtype: dtype === "uint8" ? "int8" : "uint8", shape });
    const wrong = [
      ["without inputs", () => backend.dispatch(kernel, [], outputs)],
      ["without outputs", () => backend.dispatch(kernel, inputs, [])],
      ["with one input too many", () => backend.dispatch(kernel, [...inputs, input], outputs)],
      ["with an input of another shape", () => backend.dispatch(kernel, [longer, ...rest], outputs)],
      ["with an input of another dtype", () => backend.dispatch(kernel, [reread, ...rest], outputs)],
      ["with an input of another backend", () => backend.dispatch(kernel, [...other.inputs], outputs)],
      ["with an output of another backend", () => backend.dispatch(kernel, inputs, other.outputs)],
      ["with a kernel of another backend", () => backend.dispatch(other.kernel, inputs, outputs)],
      ["of a read of another backend's tensor", () => backend.read(other.inputs[0] ?? input)],
    ] as const;
    for (const [what, action] of wrong) await problems.expectError("OPERAND", `dispatch ${what}`, action);

    // An output in the memory of an input: both are views of tensors large enough for either.
    const large = backend.create({ dtype: "uint8", shape: [65536] });
    const shared = backend.view(large, input.type);
    const onto = kernel.outputs.map((type) => backend.view(large, type));
    await problems.expectError("OPERAND", "dispatch with an output in the memory of an input", () =>
      backend.dispatch(kernel, [shared, ...rest], onto),
    );

    input.dispose();
    await problems.expectError("DISPOSED", "dispatch with a disposed input", () =>
      backend.dispatch(kernel, inputs, outputs),
    );
    const fresh = backend.create(input.type);
    kernel.dispose();
    await problems.expectError("DISPOSED", "dispatch of a disposed kernel", () =>
      backend.dispatch(kernel, [fresh, ...rest], outputs),
    );
    return problems.list;
  },
};

export const arena: ContractCheck = {
  name: "inputs and outputs may lie in one arena",
  async run(open) {
    await using backend = await open();
    const problems = new Problems();
    const { kernel, inputs, outputs, data } = await probe(backend);
    backend.dispatch(kernel, inputs, outputs);
    const apart = await Promise.all(outputs.map((output) => backend.read(output)));

    // Slots of one alignment more than the largest tensor.
    const types = [...inputs, ...outputs].map(({ type }) => type);
    const largest = Math.max(...types.map(({ dtype, shape }) => storageBytes(dtype, shape)));
    const slot = (Math.ceil(largest / VIEW_ALIGNMENT) + 1) * VIEW_ALIGNMENT;
    const memory = backend.create({ dtype: "uint8", shape: [slot * types.length] });
    const slots = types.map((type, i) => backend.view(memory, type, i * slot));
    const to = slots.slice(inputs.length);
    for (const [i, input] of data.entries()) backend.write(slots[i] ?? memory, input.data);
    backend.dispatch(kernel, slots.slice(0, inputs.length), to);
    for (const [i, output] of to.entries()) {
      const together = await backend.read(output);
      problems.expect(
        apart[i] !== undefined && sameBytes(together, apart[i]),
        `output ${i} differs in an arena`,
      );
    }
    return problems.list;
  },
};

export const order: ContractCheck = {
  name: "work is done in the order of the calls",
  async run(open) {
    await using backend = await open();
    const problems = new Problems();
    // Something that does not give the same for all inputs: not a comparison, not a test for NaN.
    const { kernel, inputs, outputs, data } = await probe(
      backend,
      ({ spec }) => spec.op !== "unary" && spec.op !== "binary",
    );
    const [input] = inputs;
    const [output] = outputs;
    const [original] = data;
    if (input === undefined || output === undefined || original === undefined) return problems.list;
    const zeros = tensor(original.dtype, original.shape).data;

    backend.dispatch(kernel, inputs, outputs);
    const ofData = await backend.read(output);
    backend.write(input, zeros);
    backend.dispatch(kernel, inputs, outputs);
    const ofZeros = await backend.read(output);

    backend.write(input, original.data);
    for (let i = 0; i < 8; i++) {
      backend.dispatch(kernel, inputs, outputs);
      backend.write(input, i % 2 === 0 ? zeros : original.data);
    }
    problems.expect(
      sameBytes(await backend.read(output), ofZeros),
      "the last of eight dispatches did not win, or a write overtook one",
    );
    backend.dispatch(kernel, inputs, outputs);
    backend.write(input, zeros);
    problems.expect(
      sameBytes(await backend.read(output), ofData),
      "a write after a dispatch changed what the dispatch saw",
    );
    const early = backend.read(output);
    backend.dispatch(kernel, inputs, outputs);
    problems.expect(sameBytes(await early, ofData), "a read saw what was dispatched after it");
    return problems.list;
  },
};

export const timing: ContractCheck = {
  name: "times are raw samples or a TimingError",
  async run(open) {
    await using backend = await open();
    const problems = new Problems();
    const { kernel, inputs, outputs } = await probe(backend);
    const plan = { warmup: 1, samples: 3, minSampleMs: 1 };
    try {
      problems.list.push(...timingProblems(await backend.time(kernel, inputs, outputs, plan), plan.samples));
    } catch (error) {
      const honest = error instanceof Error && "code" in error && error.code === "TIMING";
      problems.expect(honest, `time rejects with ${error}, which is not a TimingError`);
    }
    await problems.expectError("TIMING", "time with no samples", () =>
      backend.time(kernel, inputs, outputs, { ...plan, samples: 0 }),
    );
    return problems.list;
  },
};

function timingProblems(
  { samplesMs, runsPerSample, clock, resolutionMs }: Timing,
  samples: number,
): string[] {
  const problems = new Problems();
  problems.expect(
    samplesMs.length === samples,
    `time gives ${samplesMs.length} samples where ${samples} were asked for`,
  );
  problems.expect(
    samplesMs.every((ms) => ms > 0 && Number.isFinite(ms)),
    `samples must be positive: [${samplesMs.join(", ")}]`,
  );
  problems.expect(Number.isInteger(runsPerSample) && runsPerSample > 0, `runsPerSample is ${runsPerSample}`);
  problems.expect(resolutionMs > 0 && Number.isFinite(resolutionMs), `resolutionMs is ${resolutionMs}`);
  problems.expect(clock.trim() !== "", "the clock has no name");
  return problems.list;
}
