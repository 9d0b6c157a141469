/** Plans of a session: a limited number of them, and kernels that they share. */
import { type Backend, createBackend, type KernelFile } from "@bitbudget/backend";
import { hostDevice, kernels } from "@bitbudget/backend-js";
import { ArgumentError, type HostTensor, type Storage, tensor } from "@bitbudget/core";
import { makeNode } from "@bitbudget/onnx";
import { describe, expect, test } from "vitest";
import { createSession, type Feeds } from "../src/index.ts";
import { Lease, Pool } from "../src/kernels.ts";
import { Origins } from "../src/origins.ts";
import { Recent } from "../src/recent.ts";
import { modelOf } from "./support/models.ts";

/** backend-js that counts the linear kernels it has made, and those that it still has. */
function counting(): { backend: Backend; made: () => number; live: () => number } {
  let [made, live] = [0, 0];
  const file: KernelFile<"linear", undefined, Storage> = kernels.linear!;
  const linear: KernelFile<"linear", undefined, Storage> = {
    ...file,
    async prepare(context, spec, weights) {
      made++;
      live++;
      return { ...(await file.prepare(context, spec, weights)), dispose: () => live-- };
    },
  };
  const backend = createBackend({
    name: "counting",
    device: hostDevice(),
    context: undefined,
    kernels: { ...kernels, linear },
  });
  return { backend, made: () => made, live: () => live };
}

const [DEPTH, WIDTH] = [3, 50];
const weight = tensor(
  "float32",
  [DEPTH, WIDTH],
  Float32Array.from({ length: DEPTH * WIDTH }, (_, i) => i % 7),
);

/** y = x w for any number of rows. */
const product = modelOf({
  inputs: { x: ["float32", ["rows", DEPTH]] },
  outputs: { y: ["float32", ["rows", WIDTH]] },
  constants: { w: weight },
  nodes: [makeNode("MatMul", ["x", "w"], ["y"])],
});

const rowsOf = (count: number): HostTensor<"float32"> =>
  tensor(
    "float32",
    [count, DEPTH],
    Float32Array.from({ length: count * DEPTH }, (_, i) => (i % 5) - count),
  );

function expected(x: HostTensor<"float32">): Float32Array {
  const y = new Float32Array((x.data.length / DEPTH) * WIDTH);
  for (let i = 0; i < y.length; i++)
    for (let k = 0; k < DEPTH; k++)
      y[i]! += x.data[Math.floor(i / WIDTH) * DEPTH + k]! * ((k * WIDTH + (i % WIDTH)) % 7);
  return y;
}

describe("a session that is fed ever new shapes", () => {
  test("holds what the last few plans need, and no more", async () => {
    const { backend, live } = counting();
    await using session = await createSession(product, { backend, maxPlans: 4 });
    const held = new Map<number, number>();
    for (let count = 1; count <= 200; count++) {
      const x = rowsOf(count);
      expect((await session.run({ x })).y?.data).toEqual(expected(x));
      expect(live()).toBe(Math.min(count, 4));
      held.set(count, backend.bytes);
    }
    // Of four plans: feeds, outputs in an arena of multiples of 256 bytes, weights.
    const bytes = (count: number) =>
      4 * count * DEPTH + Math.ceil((4 * count * WIDTH) / 256) * 256 + weight.data.byteLength;
    for (const last of [4, 100, 200])
      expect(held.get(last)).toBe(bytes(last) + bytes(last - 1) + bytes(last - 2) + bytes(last - 3));
  });

  test("makes anew what it let go, and keeps what it used last", async () => {
    const { backend, made } = counting();
    await using session = await createSession(product, { backend, maxPlans: 2 });
    const run = async (count: number) => {
      const x = rowsOf(count);
      expect((await session.run({ x })).y?.data).toEqual(expected(x));
      return made();
    };
    expect([await run(1), await run(2), await run(1), await run(3)]).toEqual([1, 2, 2, 3]);
    // 2 went for 3, as 1 had been used after it.
    expect([await run(1), await run(3), await run(2)]).toEqual([3, 3, 4]);
    expect(session.plan?.rows.map(({ outputs }) => outputs)).toEqual([[`float32 [2, ${WIDTH}]`]]);
  });

  test("does not take a kernel from the plans that share it", async () => {
    const { backend, made, live } = counting();
    const model = modelOf({
      inputs: { x: ["float32", [1, DEPTH]], z: ["float32", ["n"]] },
      outputs: { y: ["float32", [1, WIDTH]], negated: ["float32", ["n"]] },
      constants: { w: weight },
      nodes: [makeNode("MatMul", ["x", "w"], ["y"]), makeNode("Neg", ["z"], ["negated"])],
    });
    await using session = await createSession(model, { backend, maxPlans: 2 });
    const x = rowsOf(1);
    for (const length of [1, 2, 3, 4, 1]) {
      const { y, negated } = await session.run({
        x,
        z: tensor("float32", [length], new Array(length).fill(2)),
      });
      expect(y?.data).toEqual(expected(x));
      expect(negated?.data).toEqual(new Float32Array(length).fill(-2));
      expect([made(), live()]).toEqual([1, 1]);
    }
    await session.dispose();
    expect([live(), backend.bytes]).toEqual([0, 0]);
  });

  test("also where the shape is in the content of a feed", async () => {
    const { backend } = counting();
    const model = modelOf({
      inputs: { x: ["float32", [1]], shape: ["int64", [1]] },
      outputs: { y: ["float32", ["n"]] },
      nodes: [makeNode("Expand", ["x", "shape"], ["wide"]), makeNode("Neg", ["wide"], ["y"])],
    });
    await using session = await createSession(model, { backend, maxPlans: 3 });
    const feeds = (length: number): Feeds => ({
      x: tensor("float32", [1], [length]),
      shape: tensor("int64", [1], [length]),
    });
    let most = 0;
    for (let length = 1; length <= 60; length++) {
      expect((await session.run(feeds(length))).y?.data).toEqual(new Float32Array(length).fill(-length));
      most = Math.max(most, backend.bytes);
    }
    // Three ways to go on, each with two values of up to 256 bytes, and a few scalars.
    expect(most).toBeLessThan(3 * 2 * 256 + 100);
    expect((await session.run(feeds(1))).y?.data).toEqual(Float32Array.of(-1));
  });

  test.each([0, 1.5, Number.NaN])("needs room for a plan: maxPlans %s", async (maxPlans) => {
    const { backend } = counting();
    await expect(createSession(product, { backend, maxPlans })).rejects.toThrow(ArgumentError);
  });
});

test("a plan that cannot be made leaves nothing behind", async () => {
  const fail = { ...kernels.unary!, prepare: () => Promise.reject(new Error("no room")) };
  await using poor = createBackend({
    name: "poor",
    device: hostDevice(),
    context: undefined,
    kernels: { ...kernels, unary: fail },
  });
  const model = modelOf({
    inputs: { x: ["float32", ["rows", DEPTH]] },
    outputs: { y: ["float32", ["rows", WIDTH]] },
    constants: { w: weight },
    nodes: [makeNode("MatMul", ["x", "w"], ["product"]), makeNode("Softplus", ["product"], ["y"])],
  });
  await using session = await createSession(model, { backend: poor, optimize: false });
  const x = rowsOf(2);
  await expect(session.run({ x })).rejects.toThrow("no room");
  // The feed's memory waits for another try.
  expect(poor.bytes).toBe(x.data.byteLength);
});

describe("leases", () => {
  const open = () => createBackend({ name: "js", device: hostDevice(), context: undefined, kernels });

  test("share what has the same content, and free it with the last", async () => {
    await using backend = open();
    const pool = new Pool(backend, new Origins());
    const [a, b] = [new Lease(pool), new Lease(pool)];
    const constant = tensor("float32", [2], [1, 2]);
    const shared = a.constant(constant);
    expect(a.constant(constant)).toBe(shared);
    expect(b.constant(constant)).toBe(shared);
    expect(b.constant({ ...constant, shape: [1, 2] })).not.toBe(shared);
    await a.release();
    expect(shared.disposed).toBe(false);
    await b.release();
    expect([shared.disposed, backend.bytes]).toEqual([true, 0]);
  });

  test("know content by where it comes from, also when it is read again", async () => {
    await using backend = open();
    const origins = new Origins();
    const lease = new Pool(backend, origins).lease();
    const source = {};
    const upload = (key: string, shape: readonly number[] = [2]) => {
      const read = tensor("float32", shape, [1, 2]);
      origins.read(source, read);
      const made = tensor("float32", [2], [3, 4]);
      origins.derive(read, key, made);
      return [lease.constant({ ...read, shape: [2] }), lease.constant(made)] as const;
    };
    const [read, twice] = upload("times 2");
    const [again, twiceAgain] = upload("times 2");
    expect([again === read, twiceAgain === twice]).toEqual([true, true]);
    // Made in another way, or from another shape.
    expect(upload("times 3")[1]).not.toBe(twice);
    expect(upload("times 2", [1, 2])[1]).not.toBe(twice);
    await lease.release();
  });
});

test("what was not used for the longest time goes first", () => {
  const recent = new Recent<number>(2);
  expect([recent.add("a", 1), recent.add("b", 2), recent.get("a")]).toEqual([[], [], 1]);
  expect(recent.add("c", 3)).toEqual([2]);
  expect([recent.get("a"), recent.get("b"), recent.get("c")]).toEqual([1, undefined, 3]);
  expect(recent.clear()).toEqual([1, 3]);
  expect(recent.get("a")).toBeUndefined();
});
