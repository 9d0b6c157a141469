/** What the project wants to be, as ratios to reach; each is held against the worst row that it speaks of. */
import type { TimedRow } from "../row.ts";

export interface Target {
  readonly work: string;
  /** Rivals that count; in each row, the fastest of them. */
  readonly rival: string;
  readonly atLeast: number;
  readonly covers: (row: TimedRow) => boolean;
  readonly against: (rival: string) => boolean;
}

export interface Outcome {
  readonly target: Target;
  /** The smallest ratio, with its row; undefined where no such row was timed. */
  readonly worst: { readonly ratio: number; readonly row: TimedRow; readonly rival: string } | undefined;
  readonly rows: number;
}

const kernel = (op: RegExp, scheme: string) => (row: TimedRow) => op.test(row.op) && row.scheme === scheme;
/** M of a linear's shape "MxKxN". */
const rowsOf = ({ shape }: TimedRow) => Number.parseInt(shape, 10);
const large = (covers: (row: TimedRow) => boolean) => (row: TimedRow) => covers(row) && rowsOf(row) >= 16;
const single = (covers: (row: TimedRow) => boolean) => (row: TimedRow) => covers(row) && rowsOf(row) === 1;
const named =
  (...names: readonly string[]) =>
  (rival: string) =>
    names.includes(rival);

const image = /^conv (1x1|3x3)$/;
const depthwise = /^depthwise 3x3$/;
const linear = /^linear$/;

/** Weights of 4 and 2 bits, times activations that the kernel quantizes to int8, or float32 ones as they are. */
function blockTargets(activations: "dynamic int8" | "float32"): Target[] {
  const blocks = (bits: number) => kernel(linear, `${activations} x uint${bits} block 32`);
  const nBits = named("ort-web MatMulNBits");
  const matrix = (row: TimedRow) => blocks(4)(row) && row.shape === "1x4096x4096";
  const four = `${activations} x 4-bit`;
  return [
    { work: `${four}, 1x4096x4096`, rival: "MatMulNBits", atLeast: 60, covers: matrix, against: nBits },
    {
      work: `${four}, 1x4096x4096`,
      rival: "float32 MatMul",
      atLeast: 3,
      covers: matrix,
      against: named("ort-web float32 MatMul"),
    },
    {
      work: `${four}, M = 128`,
      rival: "MatMulNBits",
      atLeast: 3,
      covers: (row) => blocks(4)(row) && rowsOf(row) === 128,
      against: nBits,
    },
    {
      work: `${activations} x 2-bit, M = 1`,
      rival: "MatMulNBits",
      atLeast: 60,
      covers: single(blocks(2)),
      against: nBits,
    },
  ];
}

export const targets: readonly Target[] = [
  {
    work: "float32 linear, M >= 16",
    rival: "MatMul",
    atLeast: 2,
    covers: large(kernel(linear, "float32")),
    against: named("ort-web MatMul"),
  },
  {
    work: "float32 conv 1x1 and 3x3",
    rival: "Conv",
    atLeast: 2,
    covers: kernel(image, "float32"),
    against: named("ort-web Conv"),
  },
  {
    work: "float32 linear, M >= 16",
    rival: "TensorFlow.js",
    atLeast: 1.6,
    covers: large(kernel(linear, "float32")),
    against: named("tfjs-wasm"),
  },
  {
    work: "float32 conv 1x1 and 3x3",
    rival: "TensorFlow.js",
    atLeast: 1.6,
    covers: kernel(image, "float32"),
    against: named("tfjs-wasm"),
  },
  {
    work: "float32 depthwise 3x3",
    rival: "Conv",
    atLeast: 1.5,
    covers: kernel(depthwise, "float32"),
    against: named("ort-web Conv"),
  },
  {
    work: "uint8 x int8 linear, M >= 16",
    rival: "QLinearMatMul, MatMulInteger",
    atLeast: 1.3,
    covers: large(kernel(linear, "uint8 x int8")),
    against: named("ort-web QLinearMatMul", "ort-web MatMulInteger"),
  },
  {
    work: "uint8 x int8 conv 1x1 and 3x3",
    rival: "QLinearConv",
    atLeast: 1.4,
    covers: kernel(image, "uint8 x int8"),
    against: named("ort-web QLinearConv"),
  },
  {
    work: "uint8 x int8 depthwise 3x3",
    rival: "QLinearConv",
    atLeast: 8,
    covers: kernel(depthwise, "uint8 x int8"),
    against: named("ort-web QLinearConv"),
  },
  {
    work: "uint8 x int8 depthwise 3x3",
    rival: "float32 Conv",
    atLeast: 1.5,
    covers: kernel(depthwise, "uint8 x int8"),
    against: named("ort-web float32 Conv"),
  },
  {
    work: "uint8 x int8 linear, M = 1",
    rival: "MatMulInteger",
    atLeast: 10,
    covers: single(kernel(linear, "uint8 x int8")),
    against: named("ort-web MatMulInteger"),
  },
  ...blockTargets("dynamic int8"),
  ...blockTargets("float32"),
  {
    work: "models in float32",
    rival: "the same file",
    atLeast: 1.5,
    covers: ({ op, scheme }) => op === "model" && scheme === "float32",
    against: named("ort-web"),
  },
  {
    work: "models in 8-bit QDQ",
    rival: "the same file",
    atLeast: 1.6,
    covers: ({ op, scheme }) => op === "model" && scheme === "8-bit QDQ",
    against: named("ort-web"),
  },
  {
    work: "mobilenet_v1_0.25_224 in 8-bit QDQ",
    rival: "its float32 and 8-bit files",
    atLeast: 2,
    covers: ({ op, scheme, shape }) =>
      op === "model" && scheme === "8-bit QDQ" && shape === "mobilenet_v1_0.25_224",
    against: named("ort-web", "ort-web float32 file"),
  },
  {
    work: "training steps",
    rival: "backend-js",
    atLeast: 5,
    covers: ({ op }) => op === "train",
    against: named("js"),
  },
  {
    work: "training steps",
    rival: "TensorFlow.js, fastest CPU backend",
    atLeast: 1,
    covers: ({ op }) => op === "train",
    against: named("tfjs-wasm", "tfjs-cpu"),
  },
  {
    work: "first inference, 5 MB",
    rival: "onnxruntime-web",
    atLeast: 3,
    covers: ({ op }) => op === "first",
    against: named("ort-web"),
  },
];

const twoThreads: Target = {
  work: "two threads, from 50 million multiply-adds",
  rival: "one thread",
  atLeast: 1.7,
  covers: ({ threads, op }) => threads === 2 && op !== "train",
  against: named("wasm, one thread"),
};

/** How each target stands. Rows of several threads count for that of threads alone. */
export function outcomes(rows: readonly TimedRow[]): Outcome[] {
  return [...targets, twoThreads].map((target) => {
    const found = rows
      .filter((row) => (row.threads === 1 || target === twoThreads) && target.covers(row))
      .flatMap((row) => {
        const rivals = Object.entries(row.rivals).filter(([name]) => target.against(name));
        const [fastest] = rivals.sort(([, a], [, b]) => a.ratio - b.ratio);
        return fastest === undefined ? [] : [{ ratio: fastest[1].ratio, row, rival: fastest[0] }];
      });
    const [worst] = [...found].sort((a, b) => a.ratio - b.ratio);
    return { target, worst, rows: found.length };
  });
}
