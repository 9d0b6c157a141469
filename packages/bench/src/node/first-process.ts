/** A process that gives one answer and says how long that took: everything but the start of Node counts. */
import { readFileSync } from "node:fs";
import { Random } from "../random.ts";
import { sessionOptions } from "../rivals/rivals.ts";

export interface First {
  readonly ms: number;
  readonly answer: readonly number[];
}

const [, , name, path = "", count = "1"] = process.argv;
const threads = Number(count);
const bytes = readFileSync(path);
const shape = [1, 3, 224, 224];
const pixels = new Random(1).normal(3 * 224 * 224);

async function bitbudget(): Promise<ArrayLike<number>> {
  const [{ open }, { createSession }] = [
    await import("@bitbudget/backend-wasm"),
    await import("@bitbudget/runtime"),
  ];
  const session = await createSession(bytes, { backend: await open({ threads }) });
  const [y] = Object.values(await session.run({ image: { dtype: "float32", shape, data: pixels } }));
  return (y?.data ?? []) as ArrayLike<number>;
}

async function web(): Promise<ArrayLike<number>> {
  const ort = await import("onnxruntime-web");
  ort.env.wasm.numThreads = threads;
  const session = await ort.InferenceSession.create(bytes, sessionOptions("wasm", threads));
  const [y] = Object.values(await session.run({ image: new ort.Tensor("float32", pixels, shape) }));
  return (y?.data ?? []) as ArrayLike<number>;
}

async function native(): Promise<ArrayLike<number>> {
  const ort = await import("onnxruntime-node");
  const session = await ort.InferenceSession.create(bytes, sessionOptions("cpu", threads));
  const [y] = Object.values(await session.run({ image: new ort.Tensor("float32", pixels, shape) }));
  return (y?.data ?? []) as ArrayLike<number>;
}

const start = performance.now();
const answer = await (name === "wasm" ? bitbudget() : name === "ort-web" ? web() : native());
const first: First = { ms: performance.now() - start, answer: Array.from(answer) };
process.stdout.write(JSON.stringify(first), () => process.exit(0));
