/**
 * A process that gives one answer and says how long that took: from the bytes of the model on, WebAssembly to be loaded
 * included, and with the import of the JavaScript around it.
 */
import { readFileSync } from "node:fs";
import { Random } from "../random.ts";
import { sessionOptions } from "../rivals/rivals.ts";

export interface First {
  /** From bytes to answer, in milliseconds. */
  readonly ms: number;
  /** The same, and the import before it. */
  readonly importedMs: number;
  readonly answer: readonly number[];
}

type Answer = () => Promise<ArrayLike<number>>;

const [, , name, path = "", count = "1"] = process.argv;
const threads = Number(count);
const bytes = readFileSync(path);
const shape = [1, 3, 224, 224];
const pixels = new Random(1).normal(3 * 224 * 224);

async function bitbudget(): Promise<Answer> {
  const { open } = await import("@bitbudget/backend-wasm");
  const { createSession } = await import("@bitbudget/runtime");
  return async () => {
    const session = await createSession(bytes, { backend: await open({ threads }) });
    const [y] = Object.values(await session.run({ image: { dtype: "float32", shape, data: pixels } }));
    return (y?.data ?? []) as ArrayLike<number>;
  };
}

async function web(): Promise<Answer> {
  const ort = await import("onnxruntime-web");
  return async () => {
    ort.env.wasm.numThreads = threads;
    const session = await ort.InferenceSession.create(bytes, sessionOptions("wasm", threads));
    const [y] = Object.values(await session.run({ image: new ort.Tensor("float32", pixels, shape) }));
    return (y?.data ?? []) as ArrayLike<number>;
  };
}

async function native(): Promise<Answer> {
  const ort = await import("onnxruntime-node");
  return async () => {
    const session = await ort.InferenceSession.create(bytes, sessionOptions("cpu", threads));
    const [y] = Object.values(await session.run({ image: new ort.Tensor("float32", pixels, shape) }));
    return (y?.data ?? []) as ArrayLike<number>;
  };
}

const begin = performance.now();
const infer = await (name === "wasm" ? bitbudget() : name === "ort-web" ? web() : native());
const start = performance.now();
const answer = await infer();
const end = performance.now();
const first: First = { ms: end - start, importedMs: end - begin, answer: Array.from(answer) };
process.stdout.write(JSON.stringify(first), () => process.exit(0));
