/** What an analysis finds, as plain data. */
import type { LayerScheme } from "../scheme.ts";
import type { Interval } from "./statistics.ts";

/** What gradients say that the objective will be. */
export interface Prediction {
  /** Along the error of weights and activations as it is: F/2, with F the Fisher information, or its empirical form. */
  readonly fisher: Interval;
  /** The same with the diagonal of F alone. */
  readonly diagonal: Interval;
  /** The gradient times the error; undefined for objectives whose gradient is zero at the float model. */
  readonly first: Interval | undefined;
}

/** How one layer takes its quantization. SQNR is in dB, Infinity without error. */
export interface LayerAnalysis {
  readonly layer: string;
  readonly opType: string;
  /** From 0, in the order of the model. */
  readonly index: number;
  readonly scheme: LayerScheme;
  /** Numbers in its weights, and bits that each takes with scales and all. */
  readonly parameters: number;
  readonly bits: number;
  /** Of its weights; undefined where these stay float. */
  readonly weightSqnrDb: number | undefined;
  /** Of its output: on inputs of the float model, and after all layers before it were quantized, too. */
  readonly outputSqnrDb: number;
  readonly accumulatedSqnrDb: number;
  /** Of the model's output, with no other layer quantized. */
  readonly modelSqnrDb: number;
  /** The objective, with no other layer quantized: the mean over batches. */
  readonly measured: Interval;
  /** Undefined where there are no gradients. */
  readonly predicted: Prediction | undefined;
}

/** Some layers, quantized together. */
export interface Trial {
  readonly layers: readonly string[];
  readonly measured: Interval;
  /** The sum over its layers, each predicted by itself. */
  readonly predicted: number | undefined;
}

/** Rank correlations of predictions with what was measured, -1 to 1; null where there are not two to compare. */
export interface Correlations {
  readonly fisher: number | null;
  readonly diagonal: number | null;
  /** Over trials, of the sums over their layers. */
  readonly trials: number | null;
}

export interface Analysis {
  /** Unit of the objective: "nats", "mean square" or "loss". */
  readonly unit: string;
  /** Name of the output that `modelSqnrDb` is of. */
  readonly output: string;
  readonly layers: readonly LayerAnalysis[];
  /** All layers of the assignment together. */
  readonly whole: Trial & { readonly modelSqnrDb: number };
  /** Random halves of the layers. */
  readonly trials: readonly Trial[];
  readonly correlations: Correlations;
  /** Gradients that the predictions are made of; 0 with the reason for it. */
  readonly draws: number;
  readonly noGradients: string | undefined;
  /** Layers of the assignment that were left out: those inside of an If, Loop or Scan, or with weights that are not float32. */
  readonly skipped: readonly string[];
}
