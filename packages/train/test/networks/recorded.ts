/** What an independent framework made of a network: scripts/record-vectors.mjs writes these. */
import { type DType, type HostTensor, tensor } from "@bitbudget/core";
import cnn from "../vectors/cnn.json" with { type: "json" };
import residual from "../vectors/residual.json" with { type: "json" };
import transformer from "../vectors/transformer.json" with { type: "json" };

interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
type ByName = Readonly<Record<string, Numbers>>;

export interface Recorded {
  readonly learningRate: number;
  readonly inputs: ByName;
  readonly parameters: ByName;
  /** Running statistics before the first step. */
  readonly states: ByName;
  /** Before each step. */
  readonly losses: readonly number[];
  /** Of the first step. */
  readonly gradients: ByName;
  /** The parameters after the last step. */
  readonly trained: ByName;
  /** The running statistics after the last step. */
  readonly statistics: ByName;
}

export const recorded = { cnn, residual, transformer } satisfies Record<string, Recorded>;

export function tensors(numbers: ByName, dtype: DType = "float32"): Record<string, HostTensor> {
  return Object.fromEntries(
    Object.entries(numbers).map(([name, { shape, data }]) => [
      name,
      tensor(
        dtype,
        shape,
        dtype === "int64" ? BigInt64Array.from(data, (x) => BigInt(x)) : Float32Array.from(data),
      ),
    ]),
  );
}
