/** What verification finds in models with a planted fault, on runners that are this project's own. */
import type { Backend } from "@bitbudget/backend";
import { open } from "@bitbudget/backend-js";
import { open as openWasm } from "@bitbudget/backend-wasm";
import { tensor } from "@bitbudget/core";
import { copyModel, Graph, type ModelProto, makeNode, toTensorProto } from "@bitbudget/onnx";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Runner, sessionRunner, VerificationError, verify } from "../../src/index.ts";
import { floatNet, imageBatches, model, quantizedNet, scalarOf } from "../support/models.ts";

let js: Backend;
let wasm: Backend;
beforeAll(async () => {
  js = await open();
  wasm = await openWasm({ threads: 1 });
});
afterAll(async () => {
  await js.dispose();
  await wasm.dispose();
});

/** A runner that adds to the output of one node wherever it meets it. */
const adding =
  (name: string, amount: number) =>
  (given: ModelProto): Promise<Runner> => {
    const changed = copyModel(given);
    const graph = Graph.of(changed);
    const node = graph.find(name);
    if (node !== undefined) {
      const [output = ""] = node.output;
      const inner = graph.uniqueName(`${output}_right`);
      node.output[0] = inner;
      graph.proto.initializer.push(toTensorProto(scalarOf("float32", amount), "amount"));
      graph.proto.node.splice(
        graph.proto.node.indexOf(node) + 1,
        0,
        makeNode("Add", [inner, "amount"], [output]),
      );
    }
    return sessionRunner(changed, { backend: js, name: "wrong" });
  };

const ours = (given: ModelProto) => sessionRunner(given, { backend: wasm });

async function fault(work: Promise<unknown>): Promise<VerificationError> {
  const error = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(VerificationError);
  return error as VerificationError;
}

describe("verify", () => {
  test("agrees where both are right, and measures the distance to the float model", async () => {
    const reference = await sessionRunner(floatNet(), { backend: js });
    const report = await verify(quantizedNet(), {
      runners: { ours, js: (given) => sessionRunner(given, { backend: js }) },
      batches: imageBatches(),
      reference,
    });
    await reference.dispose();
    const [first, second] = report.runners;
    expect(first?.sameAsFirst).toBeUndefined();
    expect(second?.sameAsFirst).toEqual({ same: 6, of: 6 });
    expect(second?.outputs[0]?.againstFirst?.maxAbs).toBeLessThan(0.02);
    // The biases are left out of the quantized one, so the distance is what they make.
    expect(second?.outputs[0]?.againstReference?.sqnrDb).toBeLessThan(30);
    expect(String(report)).toMatch(/runner .*\nours .*\njs .*6 of 6/);
  });

  test.each(["conv1", "relu1", "conv2", "relu2", "pool", "gemm"])(
    "names %s, which adds too much",
    async (name) => {
      const found = await fault(
        verify(quantizedNet(), { runners: { ours, wrong: adding(name, 0.7) }, batches: imageBatches(1) }),
      );
      expect(found.fault).toMatchObject({ kind: "values", runner: "wrong", node: { name } });
      expect(found.message).toContain(`wrong, node "${name}"`);
      expect(found.fault.difference?.maxAbs).toBeGreaterThan(0.5);
    },
  );

  test("does not blame a node for what came before it", async () => {
    const net = floatNet();
    const found = await fault(
      verify(net, { runners: { ours, wrong: adding("conv1", 0.5) }, batches: imageBatches(1) }),
    );
    expect(found.node).toBe("conv1");
    expect(found.fault.group).toEqual(["conv1"]);
  });

  test("names the node without an implementation, by bisection where the message does not", async () => {
    const silent = async (given: ModelProto): Promise<Runner> => {
      if (given.graph?.node.some(({ name }) => name === "relu2")) throw new Error("no session");
      return ours(given);
    };
    const found = await fault(verify(floatNet(), { runners: { ours, silent }, batches: imageBatches(1) }));
    expect(found.fault).toMatchObject({
      kind: "load",
      runner: "silent",
      node: { name: "relu2", opType: "Relu" },
    });
    expect(found.cause).toEqual(new Error("no session"));
  });

  test("names the node that the runtime itself cannot run", async () => {
    const strange = model(
      [makeNode("Relu", ["x"], ["r"], { name: "r1" }), makeNode("Foo", ["r"], ["y"], { name: "foo" })],
      {},
      [["x", "float32", [1]]],
      [["y", "float32", [1]]],
    );
    const found = await fault(verify(strange, { runners: { ours }, batches: [] }));
    expect(found.fault).toMatchObject({ kind: "load", node: { name: "foo", opType: "Foo" } });
  });

  test("names the node in which a run fails", async () => {
    const reshaping = model(
      [
        makeNode("Relu", ["x"], ["r"], { name: "r1" }),
        makeNode("Reshape", ["r", "to"], ["y"], { name: "reshape" }),
      ],
      {},
      [
        ["x", "float32", [2, 2]],
        ["to", "int64", [1]],
      ],
      [["y", "float32", ["n"]]],
    );
    const feeds = { x: tensor("float32", [2, 2]), to: tensor("int64", [1], [3n]) };
    const found = await fault(verify(reshaping, { runners: { ours }, batches: [{ feeds, targets: {} }] }));
    expect(found.fault).toMatchObject({ kind: "run", node: { name: "reshape" } });
  });

  test("names the node in which a run fails, where the message does not", async () => {
    const silent = async (given: ModelProto): Promise<Runner> => {
      const runner = await ours(given);
      const fails = given.graph?.node.some(({ name }) => name === "conv2");
      return {
        ...runner,
        run: (...of) => (fails ? Promise.reject(new Error("it is late")) : runner.run(...of)),
      };
    };
    const found = await fault(
      verify(quantizedNet(), { runners: { ours, silent }, batches: imageBatches(1) }),
    );
    expect(found.fault).toMatchObject({
      kind: "run",
      runner: "silent",
      node: { name: "conv2", opType: "Conv" },
    });
    expect(found.message).toContain("it is late");
  });

  test("takes rounding that adds up for what it is", async () => {
    // A difference that only the whole model shows: nodes by themselves are right.
    const whole = async (given: ModelProto): Promise<Runner> => {
      const runner = await ours(given);
      const isWhole = (given.graph?.node.length ?? 0) > 10;
      const run = async (...of: Parameters<Runner["run"]>) => {
        const results = await runner.run(...of);
        if (!isWhole) return results;
        const { scores } = results;
        const data = Float32Array.from(scores!.data as Float32Array, (x) => x * 1.02);
        return { ...results, scores: tensor("float32", scores!.shape, data) };
      };
      return { ...runner, run };
    };
    const settings = { runners: { ours, whole }, batches: imageBatches(1) };
    const report = await verify(quantizedNet(), settings);
    expect(report.runners[1]).toMatchObject({ drifts: true });
    expect(String(report)).toContain("\nwhole: codes were rounded the other way");
    // 20 log10(1 / 0.02)
    expect(report.runners[1]?.outputs[0]?.againstFirst?.sqnrDb).toBeCloseTo(33.98, 1);
    const found = await fault(verify(quantizedNet(), { ...settings, drift: 40 }));
    expect(found.node).toBeUndefined();
  });

  test("says what is missing", async () => {
    await expect(verify(floatNet(), { runners: {}, batches: [] })).rejects.toThrow("pass `runners`");
    await expect(verify(floatNet(), { runners: { ours }, batches: [] })).rejects.toThrow("no batches");
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(verify(floatNet(), { runners: { ours }, batches: imageBatches(1), signal })).rejects.toThrow(
      "enough",
    );
    const predictions = { output: "logits" };
    await expect(
      verify(floatNet(), { runners: { ours }, batches: imageBatches(1), predictions }),
    ).rejects.toThrow('no output "logits"');
  });
});
