/** Functions of one number as the kernels know them: a code and two parameters (assembly/activation.ts). */
import type { UnaryFunction } from "@bitbudget/backend";

export interface FunctionCode {
  readonly fn: number;
  readonly alpha: number;
  readonly beta: number;
}

/** The code of a function, or undefined for one that there is no kernel for. */
export function functionCode(value: UnaryFunction | undefined): FunctionCode | undefined {
  switch (value?.fn) {
    case undefined:
    case "identity":
      return { fn: 0, alpha: 0, beta: 0 };
    case "relu":
      return { fn: 1, alpha: 0, beta: 0 };
    case "clip":
      return {
        fn: 2,
        alpha: value.min ?? Number.NEGATIVE_INFINITY,
        beta: value.max ?? Number.POSITIVE_INFINITY,
      };
    default:
      return undefined;
  }
}
