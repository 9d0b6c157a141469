/** What createBackend promises for every backend: ownership, aliasing, checks and refusals. */
import { tensor } from "@bitbudget/core";
import { describe, expect, test } from "vitest";
import { DisposedError, SpecError, TimingError, UnsupportedError, VIEW_ALIGNMENT } from "../src/index.ts";
import { copyOf, failure, fake, float32, linear, linearWeights, operandOf } from "./fake.ts";

describe("tensors", () => {
  test("hold zeros, or a copy of what they are given, and are read as copies", async () => {
    const { backend } = fake();
    const data = Float32Array.of(1, 2);
    const [zeros, given] = [backend.create(float32(2)), backend.create(float32(2), data)];
    data.fill(9);
    expect((await backend.read(zeros)).data).toEqual(Float32Array.of(0, 0));
    const read = await backend.read(given);
    expect(read).toEqual({ dtype: "float32", shape: [2], data: Float32Array.of(1, 2) });
    read.data.fill(0 as never);
    expect((await backend.read(given)).data).toEqual(Float32Array.of(1, 2));
  });

  test("are written in the order of calls", async () => {
    const { backend } = fake();
    const [x, y] = [backend.create(float32(1), Float32Array.of(1)), backend.create(float32(1))];
    const kernel = await backend.prepare(copyOf([1]));
    backend.dispatch(kernel, [x], [y]);
    backend.write(x, Float32Array.of(2));
    expect((await backend.read(y)).data).toEqual(Float32Array.of(1));
  });

  test("have a type that nobody can change", () => {
    const shape = [2, 3];
    const { type } = fake().backend.create({ dtype: "int8", shape });
    shape[0] = 7;
    expect(type).toEqual({ dtype: "int8", shape: [2, 3] });
    expect(Object.isFrozen(type) && Object.isFrozen(type.shape)).toBe(true);
  });

  test("take data of their length and array type alone", async () => {
    const { backend } = fake();
    expect(await operandOf(() => backend.create(float32(2), Float32Array.of(1)))).toBe("data");
    expect(await operandOf(() => backend.create(float32(1), Uint8Array.of(1, 2, 3, 4)))).toBe("data");
    const x = backend.create(float32(2));
    expect(await operandOf(() => backend.write(x, Float32Array.of(1)))).toBe("data");
    expect(await failure(() => backend.create(float32(2, -1)))).toHaveProperty("code", "SHAPE");
    expect(backend.bytes).toBe(8);
  });

  test("are counted in bytes, packed codes too, until disposed once", () => {
    const { backend, log } = fake();
    const x = backend.create({ dtype: "int4", shape: [5] });
    const y = backend.create(float32(2));
    expect(backend.bytes).toBe(3 + 8);
    x.dispose();
    x.dispose();
    expect(x.disposed).toBe(true);
    expect(y.disposed).toBe(false);
    expect(backend.bytes).toBe(8);
    {
      using block = y;
      expect(block.disposed).toBe(false);
    }
    expect(backend.bytes).toBe(0);
    expect(log).toEqual(["free 3 bytes", "free 8 bytes"]);
  });
});

describe("views", () => {
  const far = VIEW_ALIGNMENT / 4;

  test("see a part of the same memory under another shape", async () => {
    const { backend } = fake();
    const arena = backend.create(float32(far + 4));
    const slot = backend.view(arena, float32(2, 2), VIEW_ALIGNMENT);
    backend.write(slot, Float32Array.of(1, 2, 3, 4));
    const { data } = await backend.read(arena);
    expect(data.slice(far)).toEqual(Float32Array.of(1, 2, 3, 4));
    expect(backend.bytes).toBe(4 * far + 16);
  });

  test("own nothing, and end with what they look at", async () => {
    const { backend, log } = fake();
    const x = backend.create(float32(4));
    const view = backend.view(x, float32(2, 2));
    const inner = backend.view(view, float32(2));
    view.dispose();
    expect([view.disposed, inner.disposed, x.disposed]).toEqual([true, false, false]);
    expect(log).toEqual([]);
    x.dispose();
    expect(inner.disposed).toBe(true);
    expect(await failure(() => backend.read(inner))).toBeInstanceOf(DisposedError);
  });

  test("stay inside, at aligned offsets", async () => {
    const { backend } = fake();
    const x = backend.create(float32(far + 1));
    expect(await operandOf(() => backend.view(x, float32(far + 2)))).toBe("type");
    expect(await operandOf(() => backend.view(x, float32(2), VIEW_ALIGNMENT))).toBe("type");
    expect(await operandOf(() => backend.view(x, float32(0), 2 * VIEW_ALIGNMENT))).toBe("type");
    for (const offset of [4, -VIEW_ALIGNMENT, Number.NaN])
      expect(await operandOf(() => backend.view(x, float32(1), offset))).toBe("byteOffset");
    expect(backend.view(x, float32(1), VIEW_ALIGNMENT).type.shape).toEqual([1]);
  });
});

describe("prepare", () => {
  test("hands a frozen spec to the kernel file, and lets nobody change it later", async () => {
    const { backend, log } = fake();
    const spec = { ...linear, inputs: [{ dtype: "float32" as const, shape: [2] }] };
    const kernel = await backend.prepare(spec, linearWeights());
    spec.inputs[0]!.shape[0] = 5;
    expect(log).toEqual(["prepare frozen"]);
    expect(kernel.spec).toEqual(linear);
    expect(Object.isFrozen(kernel.spec.inputs[0]?.shape)).toBe(true);
    expect(kernel.outputs).toEqual([float32(3)]);
    expect(kernel.arithmetic).toBe("native");
  });

  test("wants exactly the weights of the spec, in their types", async () => {
    const { backend } = fake();
    const weights = linearWeights();
    const { weight, bias } = weights;
    const prepare = (given: Parameters<typeof backend.prepare<"linear">>[1]) =>
      operandOf(() => backend.prepare(linear, given));
    expect(await prepare({ weight })).toBe("weights.bias");
    expect(await prepare({ weight: tensor("float32", [2, 3]), bias })).toBe("weights.weight");
    expect(await prepare({ weight: tensor("float64", [3, 2]), bias })).toBe("weights.weight");
    expect(await prepare({ ...weights, scale: tensor("float32", []) })).toBe("weights.scale");
    expect(await prepare({ weight, bias: { ...bias, data: new Float32Array(2) } })).toBe("weights.bias");
    expect(await prepare({ weight, bias: { ...bias, data: new Uint8Array(12) } })).toBe("weights.bias");
    expect(await operandOf(() => backend.prepare(linear))).toBe("weights.weight");
    expect(backend.bytes).toBe(0);
  });

  test("counts packed bytes until the kernel is disposed", async () => {
    const { backend, log } = fake();
    const kernel = await backend.prepare(linear, linearWeights());
    expect([kernel.bytes, backend.bytes]).toEqual([40, 40]);
    kernel.dispose();
    kernel.dispose();
    expect(backend.bytes).toBe(0);
    expect(log).toEqual(["prepare frozen", "dispose kernel"]);
  });

  test("refuses with the reason that supports gives", async () => {
    const { backend } = fake();
    const reasons = [
      [copyOf([1, 1, 1]), "it has no more than two dimensions"],
      [{ ...copyOf([1]), inputs: [{ dtype: "float16", shape: [1] }] }, "no kernel for float16 -> float16"],
      [
        {
          ...linear,
          attributes: { ...linear.attributes, weight: { dtype: "int8", granularity: { kind: "channel" } } },
        },
        "no kernel for float32 x int8 channel -> float32",
      ],
      [{ op: "softmax", inputs: [float32(2)], attributes: { axis: 0 } }, "it has no kernel for this op"],
    ] as const;
    for (const [spec, reason] of reasons) {
      expect(backend.supports(spec)).toEqual({ supported: false, reason });
      const error = await failure(() => backend.prepare<typeof spec.op>(spec));
      expect(error).toBeInstanceOf(UnsupportedError);
      expect(error).toMatchObject({ backend: "fake", op: spec.op, reason });
    }
    expect(backend.supports(linear)).toEqual({ supported: true, arithmetic: "native" });
  });

  test("says that a spec is wrong, not that it is unsupported", async () => {
    const { backend } = fake();
    const fields = [
      [{ ...linear, op: "lineal" }, "op"],
      [{ ...linear, inputs: [{ dtype: "float31", shape: [2] }] }, "inputs[0].dtype"],
      [{ ...linear, inputs: [] }, "inputs"],
    ] as const;
    for (const [spec, field] of fields) {
      const plain = JSON.parse(JSON.stringify(spec));
      for (const attempt of [() => backend.supports(plain), () => backend.prepare(plain)]) {
        const error = await failure(attempt);
        expect(error).toBeInstanceOf(SpecError);
        expect(error).toHaveProperty("field", field);
      }
    }
    expect(await failure(() => backend.supports(copyOf([1.5])))).toHaveProperty("code", "SHAPE");
  });
});

describe("dispatch", () => {
  test("runs the kernel on tensors of its types alone", async () => {
    const { backend } = fake();
    const kernel = await backend.prepare(linear, linearWeights());
    const [x, y] = [backend.create(float32(2)), backend.create(float32(3))];
    backend.dispatch(kernel, [x], [y]);
    expect((await backend.read(y)).data).toEqual(Float32Array.of(7, 7, 7));
    expect(await operandOf(() => backend.dispatch(kernel, [], [y]))).toBe("inputs");
    expect(await operandOf(() => backend.dispatch(kernel, [x], [y, y]))).toBe("outputs");
    expect(await operandOf(() => backend.dispatch(kernel, [y], [y]))).toBe("inputs[0]");
    const column = backend.create(float32(3, 1));
    expect(await operandOf(() => backend.dispatch(kernel, [x], [column]))).toBe("outputs[0]");
    const codes = backend.create({ dtype: "int32", shape: [3] });
    expect(await operandOf(() => backend.dispatch(kernel, [x], [codes]))).toBe("outputs[0]");
  });

  test("refuses an output that shares bytes with an input, and only then", async () => {
    const { backend } = fake();
    const kernel = await backend.prepare(copyOf([64]));
    const arena = backend.create(float32(192));
    const slot = (i: number) => backend.view(arena, float32(64), i * VIEW_ALIGNMENT);
    backend.write(slot(0), new Float32Array(64).fill(5));
    backend.dispatch(kernel, [slot(0)], [slot(1)]);
    expect((await backend.read(slot(1))).data).toEqual(new Float32Array(64).fill(5));
    backend.dispatch(kernel, [slot(2)], [slot(1)]);
    expect((await backend.read(slot(1))).data).toEqual(new Float32Array(64));
    expect(await operandOf(() => backend.dispatch(kernel, [slot(0)], [slot(0)]))).toBe("outputs[0]");
    const whole = await backend.prepare(copyOf([128]));
    const half = (i: number) => backend.view(arena, float32(128), i * VIEW_ALIGNMENT);
    expect(await operandOf(() => backend.dispatch(whole, [half(0)], [half(1)]))).toBe("outputs[0]");
    const nested = backend.view(half(1), float32(64), VIEW_ALIGNMENT);
    expect(await operandOf(() => backend.dispatch(kernel, [nested], [slot(2)]))).toBe("outputs[0]");
  });

  test("tells its own tensors and kernels from those of another backend", async () => {
    const [mine, other] = [fake().backend, fake("other").backend];
    const kernel = await mine.prepare(copyOf([2]));
    const stranger = await other.prepare(copyOf([2]));
    const [x, y, z] = [mine.create(float32(2)), mine.create(float32(2)), other.create(float32(2))];
    expect(await operandOf(() => mine.dispatch(kernel, [z], [y]))).toBe("inputs[0]");
    expect(await operandOf(() => mine.dispatch(kernel, [x], [z]))).toBe("outputs[0]");
    expect(await operandOf(() => mine.dispatch(stranger, [x], [y]))).toBe("kernel");
    expect(await operandOf(() => mine.read(z))).toBe("tensor");
    expect(await operandOf(() => mine.write(z, Float32Array.of(1, 2)))).toBe("tensor");
    expect(await operandOf(() => mine.view(z, float32(2)))).toBe("tensor");
    expect(await operandOf(() => mine.time(stranger, [x], [y]))).toBe("kernel");
  });
});

test("time runs the kernel and returns what the clock saw", async () => {
  const { backend } = fake();
  const kernel = await backend.prepare(linear, linearWeights());
  const [x, y] = [backend.create(float32(2)), backend.create(float32(3))];
  const timing = await backend.time(kernel, [x], [y], { samples: 3 });
  expect(timing).toMatchObject({ clock: "fake", runsPerSample: expect.any(Number) });
  expect(timing.samplesMs).toHaveLength(3);
  for (const ms of timing.samplesMs) expect(ms).toBeCloseTo(1, 1);
  expect((await backend.read(y)).data).toEqual(Float32Array.of(7, 7, 7));
  expect(await operandOf(() => backend.time(kernel, [x], [x]))).toBe("outputs[0]");
  expect(await failure(() => backend.time(kernel, [x], [y], { samples: 0 }))).toBeInstanceOf(TimingError);
});

test("capabilities are the rows of the kernel files, with their ops", () => {
  const { capabilities } = fake().backend;
  expect(capabilities).toEqual([
    { op: "linear", activation: "float32", weight: "float32", output: "float32", arithmetic: "native" },
    { op: "unary", activation: "float32", output: "float32", arithmetic: "native" },
  ]);
  expect(Object.isFrozen(capabilities)).toBe(true);
});
