/** What createBackend promises about the end of tensors, kernels and backends. */
import { describe, expect, test } from "vitest";
import { DisposedError } from "../src/index.ts";
import { copyOf, failure, fake, float32, linear, linearWeights } from "./fake.ts";

describe("after dispose", () => {
  test("tensors and kernels refuse to be used", async () => {
    const { backend } = fake();
    const kernel = await backend.prepare(copyOf([1]));
    const [x, y] = [backend.create(float32(1)), backend.create(float32(1))];
    x.dispose();
    expect(await failure(() => backend.dispatch(kernel, [x], [y]))).toBeInstanceOf(DisposedError);
    expect(await failure(() => backend.read(x))).toBeInstanceOf(DisposedError);
    kernel.dispose();
    const error = await failure(() => backend.dispatch(kernel, [y], [y]));
    expect(error).toBeInstanceOf(DisposedError);
    expect(error).toHaveProperty("subject", "kernel unary");
  });

  test("the backend has freed everything, once, and refuses everything", async () => {
    const { backend, log } = fake();
    const kernel = await backend.prepare(linear, linearWeights());
    const [x, y] = [backend.create(float32(2)), backend.create(float32(3))];
    await backend.dispose();
    await backend[Symbol.asyncDispose]();
    expect(log).toEqual(["prepare frozen", "dispose kernel", "free 8 bytes", "free 12 bytes", "close"]);
    expect([x.disposed, y.disposed, kernel.disposed, backend.bytes]).toEqual([true, true, true, 0]);
    for (const attempt of [
      () => backend.create(float32(1)),
      () => backend.view(x, float32(1)),
      () => backend.prepare(linear, linearWeights()),
      () => backend.dispatch(kernel, [x], [y]),
      () => backend.write(x, Float32Array.of(1, 2)),
      () => backend.read(x),
      () => backend.time(kernel, [x], [y]),
    ]) {
      const error = await failure(attempt);
      expect(error).toBeInstanceOf(DisposedError);
      expect(error).toHaveProperty("subject", "backend fake");
    }
  });

  test("a kernel that was still being prepared is disposed too", async () => {
    const { backend, log } = fake();
    const pending = failure(() => backend.prepare(linear, linearWeights()));
    await backend.dispose();
    expect(await pending).toBeInstanceOf(DisposedError);
    expect(log).toEqual(["prepare frozen", "close", "dispose kernel"]);
    expect(backend.bytes).toBe(0);
  });
});
