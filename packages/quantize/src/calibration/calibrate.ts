/** Calibration: one pass over data, in which every value of a model tells what there is to know about its range. */
import type { Backend } from "@bitbudget/backend";
import { Graph } from "@bitbudget/onnx";
import { type ModelSource, readModel } from "@bitbudget/runtime";
import { type Batches, batchesOf } from "@bitbudget/train";
import { QuantizeError } from "../errors.ts";
import { activationsOf, channelAxis, checkValues } from "./activations.ts";
import { Capture, floatsOf } from "./capture.ts";
import { type ObservedCalibration, observedCalibration } from "./observed.ts";
import { ValueObserver } from "./value-observer.ts";

export interface CalibrationProgress {
  /** Samples that are done: along the first axis of the first feed. */
  readonly samples: number;
  /** Batches that are done. */
  readonly batches: number;
  /** In all, where that is known. */
  readonly length: number | undefined;
}

/** What decides on the result. */
export interface CalibrationChoices {
  /** Names of values to observe. Default: those of `activationsOf`. */
  readonly values?: readonly string[];
  /** Whether there are statistics of channels, too. Default true. */
  readonly channels?: boolean;
  /** Of the moving average: the weight of the past, in [0, 1). Default 0.9. */
  readonly momentum?: number;
}

export interface CalibrateOptions extends CalibrationChoices {
  readonly backend: Backend;
  /**
   * Bytes that the captured values of one run may take, on the backend and here each. Where those of a batch take more,
   * it is run several times; smaller batches are then faster. Default 96 MiB.
   */
  readonly memory?: number;
  /** Is called after each batch. */
  readonly onProgress?: (progress: CalibrationProgress) => void;
  /** Ends the pass between two runs; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Observes values of a model (no others than floats) while it runs on all batches once. Afterwards every range method
 * can be asked for, for every format. Memory does not grow with the data: 64 KiB at most for each value, and its channels.
 *
 * @throws CalibrationError where a value is NaN or infinite, QuantizeError for options out of their range, names of no
 * values, and where there are no batches
 */
export async function calibrate(
  source: ModelSource,
  batches: Batches,
  options: CalibrateOptions,
): Promise<ObservedCalibration> {
  const { channels = true, momentum = 0.9, memory = 96 * 2 ** 20, backend, signal, onProgress } = options;
  if (!(momentum >= 0 && momentum < 1))
    throw new QuantizeError(`momentum ${momentum} is not in [0, 1); it is the weight of the past`);
  if (!(memory > 0)) throw new QuantizeError(`memory must be a number of bytes, not ${memory}`);
  const model = await readModel(source);
  const graph = Graph.of(model);
  const names = options.values === undefined ? activationsOf(model) : checkValues(model, options.values);
  await using capture = await Capture.open(model, { backend, names, memory, signal });
  const observers = new Map<string, ValueObserver>();
  const length = "epoch" in batches ? batches.length : undefined;
  let samples = 0;
  let count = 0;
  signal?.throwIfAborted();
  for await (const { feeds } of batchesOf(batches, 0, 0)) {
    for await (const [name, value] of capture.run(feeds)) {
      const values = floatsOf(value);
      if (values === undefined) {
        if (options.values === undefined) continue;
        throw new QuantizeError(
          `value ${JSON.stringify(name)} is ${value.dtype}; calibration observes floats`,
        );
      }
      let observer = observers.get(name);
      if (observer === undefined) {
        const axis = channels ? channelAxis(graph, name, value.shape.length) : undefined;
        observer = new ValueObserver({ name, axis, momentum });
        observers.set(name, observer);
      }
      observer.add(values, value.shape, count);
    }
    const [first] = Object.values(feeds);
    samples += first?.shape[0] ?? 1;
    count++;
    onProgress?.({ samples, batches: count, length });
  }
  if (count === 0) throw new QuantizeError("there are no batches to calibrate on");
  return observedCalibration(
    samples,
    Array.from(observers.values(), ({ data }) => data),
  );
}
