/** What is wrong is said in the user's words, with what to do next, an exit code that tells, and no stack trace. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import {
  create,
  GraphProtoSchema,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  writeModel,
} from "@bitbudget/onnx";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Workplace } from "./command.ts";

let place: Workplace;
beforeAll(async () => {
  place = await Workplace.make(24);
  place.write("notes.txt", "This is no model.\n");
  place.write("truncated.onnx", readFileSync(place.path("model.onnx")).subarray(0, 1000));
  place.write("relu.onnx", writeModel(relu()));
  place.write("pre-bad.json", JSON.stringify({ scale: "much" }));
  place.write("pre-large.json", JSON.stringify({ scale: 1 / 255, resize: { size: [16, 16] } }));
  place.write("two.txt", "square\nmoon\n");
  place.write("config-bad.json", JSON.stringify({ quantize: { presets: "w8" } }));
  mkdirSync(place.path("empty"));
  mkdirSync(place.path("flat"));
  const [folder = ""] = readdirSync(place.path("photos"));
  const [photo = ""] = readdirSync(place.path("photos", folder));
  for (const name of ["a.png", "b.png"])
    copyFileSync(place.path("photos", folder, photo), place.path("flat", name));
});
afterAll(() => place[Symbol.dispose]());

const photos = ["--data", "photos", "--preprocessing", "preprocessing.json"];
const int8 = ["quantize", "model.onnx", "--preset", "int8-static"];

describe("exit code 2: the command makes no sense", () => {
  test.each([
    [[], /name a command/],
    [["quantise"], /quantise/],
    [["inspect"], /needs a model/],
    [["inspect", "model.onnx", "--jason"], /unknown option '--jason'/],
    [["inspect", "hf:owner/name"], /names no file/],
    [["quantize", "model.onnx"], /needs --preset: int8-static, /],
    [["quantize", "model.onnx", "--preset", "int7"], /"int7" is none of/],
    [["quantize", "model.onnx", "--preset", "w8", "--target", "tpu"], /"tpu" is none of js, wasm, webgpu/],
    [
      ["quantize", "model.onnx", "--preset", "w8", "--repair", "awq"],
      /--repair looks at activations; give --data/,
    ],
    [
      ["quantize", "model.onnx", "--preset", "w8", "--out", "nowhere/x.onnx"],
      /folder .*nowhere does not exist/,
    ],
    [["quantize", "model.onnx", "--preset", "w8", "--out", "model.onnx"], /is the model itself/],
    [int8, /give --data PATH.* or take int8-dynamic or w8/],
    [[...int8, ...photos, "--samples", "0"], /--samples must be an integer from 1 on/],
    [[...int8, ...photos, "--range", "most"], /--range: most is none of/],
    [["eval", "model.onnx"], /give --data PATH/],
    [["eval", "model.onnx", ...photos, "--metric", "divergence"], /name the other with --against/],
    [["eval", "model.onnx", ...photos, "--output", "scores"], /no output scores; it has logits/],
    [
      ["quantize", "model.onnx", "--config", "config-bad.json"],
      /"presets" is no option; there are model, preset/,
    ],
    [["quantize", "model.onnx", "--config", "none.json"], /none\.json cannot be read \(ENOENT\)/],
  ])("%j", async (args, message) => {
    const { code, stdout, stderr } = await place.run(args);
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([2, ""]);
    expectNoTrace(stderr);
  });
});

describe("exit code 1: something failed", () => {
  test.each([
    [["inspect", "none.onnx"], /none\.onnx does not exist; check the path/],
    [["inspect", "photos"], /photos is (a folder|not)/],
    [["inspect", "notes.txt"], /notes\.txt is not an ONNX (file|model)/],
    [["inspect", "truncated.onnx"], /truncated\.onnx is not an ONNX file: .*\n.*torch\.onnx\.export/],
    [["inspect", "preprocessing.json"], /is not an ONNX file/],
    [["quantize", "relu.onnx", "--preset", "w8"], /no layer that could be quantized/],
    [[...int8, "--data", "none"], /none: does not exist/],
    [[...int8, "--data", "empty"], /holds nothing that can be read.*Looked for: images/],
    [[...int8, "--data", "photos"], /input "image" is missing|input "input"/],
    [[...int8, "--data", "photos", "--preprocessing", "pre-bad.json"], /scale: must be a finite number/],
    [
      [...int8, "--data", "photos", "--preprocessing", "pre-large.json"],
      /"image".*\[batch, 3, 32, 32\][\s\S]*--preprocessing/,
    ],
    [
      ["eval", "model.onnx", "--data", "flat", "--preprocessing", "preprocessing.json"],
      /has no labels.*--labels FILE/,
    ],
    [["eval", "model.onnx", ...photos, "--classes", "two.txt"], /not among the classes/],
  ])("%j", async (args, message) => {
    const { code, stdout, stderr } = await place.run(args);
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([1, ""]);
    expectNoTrace(stderr);
  });
});

test("folders that are not all classes of the model are no labels", async () => {
  const { code, stderr } = await place.run([
    "eval",
    "model.onnx",
    "--data",
    "photos/moon",
    "--labels",
    place.write("l.json", "{}"),
    "--preprocessing",
    "preprocessing.json",
  ]);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/has no label in/)]);
});

test.runIf(process.platform === "linux")(
  "a disk without room: what was there stays, nothing is left behind",
  async () => {
    place.write("old.onnx", "precious");
    // Files of at most 50 kB, as a stand-in for a full disk.
    const { code, stderr } = await place.run(
      ["quantize", "model.onnx", "--preset", "w8", "--out", "old.onnx"],
      {
        through: ["bash", "-c", 'ulimit -f 50; exec "$@"', "-"],
      },
    );
    expect(stderr).toMatch(/there is no room to write .*name another place with --out/);
    expect(code).toBe(1);
    expect(readFileSync(place.path("old.onnx"), "utf8")).toBe("precious");
    expectNoTrace(stderr);
  },
);

test("Ctrl-C ends with 130 and leaves nothing", async () => {
  const { code, stdout, stderr } = await place.run(
    [...int8, ...photos, "--out", "stopped.onnx", "--repair", "adaround"],
    {
      during: (child) => setTimeout(() => child.kill("SIGINT"), 1500),
    },
  );
  expect(stderr).toMatch(/Stopped/);
  expect([code, stdout]).toEqual([130, ""]);
  expect(() => readFileSync(place.path("stopped.onnx"))).toThrow(/ENOENT/);
});

function expectNoTrace(text: string): void {
  expect(text).not.toMatch(/^\s+at /m);
  expect(text).not.toContain("unexpected:");
}

/** y = relu(x). */
function relu() {
  return create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ domain: "", version: 21n }],
    graph: create(GraphProtoSchema, {
      name: "relu",
      input: [makeValueInfo("x", "float32", [1, 4])],
      output: [makeValueInfo("y", "float32", [1, 4])],
      node: [makeNode("Relu", ["x"], ["y"], { name: "relu" })],
    }),
  });
}
