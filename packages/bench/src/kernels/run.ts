/** Runs the kernels against their rivals, row by row. */
import type { Backend } from "@bitbudget/backend";
import { storageBytes } from "@bitbudget/core";
import { writeModel } from "@bitbudget/onnx";
import { type OwnRival, ownRivalsFor } from "../backends.ts";
import { type Candidate, contest, messageOf } from "../contest.ts";
import { defaultPlan, type Plan } from "../measure.ts";
import { openOrt } from "../rivals/onnxruntime.ts";
import type { Rivals } from "../rivals/rivals.ts";
import type { Row, Work } from "../row.ts";
import { keepingResult } from "./one-op.ts";
import { prepareOurs } from "./ours.ts";
import { KEPT_BYTES, type KernelCase, type KernelProblem } from "./problem.ts";

export interface KernelRun {
  readonly backend: Backend;
  readonly others: readonly OwnRival[];
  readonly rivals: Rivals;
  readonly threads: number;
  readonly plan?: Partial<Plan>;
}

/** Multiply-adds that backend-js does in a few milliseconds. */
export const SMALL_KERNEL = 5e6;

/** The row of a case; never rejects: what goes wrong is in the row. */
export async function runKernel(kernelCase: KernelCase, run: KernelRun): Promise<Row> {
  const { op, scheme, shape } = kernelCase;
  const { backend, threads } = run;
  const work: Work = { op, scheme, shape, threads, backend: backend.name };
  try {
    const layout = backend.device.imageLayout ?? "nchw";
    const problem = kernelCase.build(layout);
    const support = backend.supports(problem.spec);
    if (!support.supported) return { ...work, status: "refused", reason: support.reason };
    const ours = await prepareOurs(backend, problem);
    try {
      return await contest(
        work,
        {
          whole: ours.whole,
          alone: ours.alone,
          values: problem.values(await ours.result()),
          kernel: ours.description,
          macs: problem.macs,
        },
        [...candidates(problem, run), ...ownCandidates(kernelCase, problem, run)],
        { pauseMs: threads > 1 ? 5 : defaultPlan.pauseMs, ...run.plan },
      );
    } finally {
      ours.release();
    }
  } catch (error) {
    return { ...work, status: "failed", error: messageOf(error) };
  }
}

function candidates({ onnx, tfjs }: KernelProblem, { rivals }: KernelRun): Candidate[] {
  const list: Candidate[] = rivals.onnxruntimes.flatMap((runtime) =>
    // The native one is a ceiling: the first model, which is the closest to ours, is enough.
    (runtime.name === "ort-node" ? onnx.slice(0, 1) : onnx).map(
      ({ name, model, feeds, values, tolerance }) => ({
        name: `${runtime.name} ${name}`,
        tolerance,
        async open() {
          let session = await openOrt(runtime, name, writeModel(model), feeds);
          return {
            name: session.name,
            run: (times) => session.run(times),
            async values() {
              const { y } = await session.results();
              if (y === undefined) throw new TypeError("the model has no output y");
              if (storageBytes(y.dtype, y.shape) > KEPT_BYTES) {
                await session.release();
                session = await openOrt(runtime, name, writeModel(keepingResult(model, y)), feeds);
              }
              return values(y);
            },
            release: () => session.release(),
          };
        },
      }),
    ),
  );
  const { tfjs: tf } = rivals;
  if (tfjs !== undefined && tf !== undefined)
    list.push({
      name: "tfjs-wasm",
      tolerance: tfjs.tolerance,
      async open() {
        const prepared = tfjs.prepare(tf);
        return {
          name: "tfjs-wasm",
          run(times) {
            for (let i = 0; i < times; i++) {
              const y = prepared.run();
              // Operations of this backend are done when they return.
              if (4 * y.size <= KEPT_BYTES) y.dataSync();
              y.dispose();
            }
          },
          async values() {
            const y = prepared.run();
            const numbers = Float32Array.from(y.dataSync());
            y.dispose();
            return tfjs.values(numbers);
          },
          release: () => prepared.release(),
        };
      },
    });
  return list;
}

/** Our other backends, on the same case. */
function ownCandidates(
  kernelCase: KernelCase,
  { macs = 0, onnx }: KernelProblem,
  { others }: KernelRun,
): Candidate[] {
  const [first] = onnx;
  return ownRivalsFor(others, macs).map(({ name, backend }) => ({
    name,
    tolerance: first?.tolerance ?? {},
    async open() {
      const problem = kernelCase.build(backend.device.imageLayout ?? "nchw");
      const ours = await prepareOurs(backend, problem);
      return {
        ...ours.whole,
        name,
        values: async () => problem.values(await ours.result()),
        release: () => ours.release(),
      };
    },
  }));
}
