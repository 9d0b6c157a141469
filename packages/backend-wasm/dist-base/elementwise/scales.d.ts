/** Scales and zero points of a tensor as operands that broadcast: a number, one for each channel, or one for each block. */
import { type DType, type Granularity, type HostTensor } from "@bitbudget/core";
import type { Owned } from "../memory/owned.ts";
import type { ProgramBuilder, Strip } from "./program.ts";
/**
 * The tensor's shape with the blocks as an axis of their own, so that what belongs to a block broadcasts along it; the
 * same shape where a last, shorter block leaves no such axis.
 */
export declare function groupedShape(shape: readonly number[], granularity: Granularity): readonly number[];
/** A weight, or the number that an absent one stands for. Of int32 codes zero points are int32, else all is float32. */
export declare function groupOperand(program: ProgramBuilder, owned: Owned, weight: HostTensor | undefined, shape: readonly number[], granularity: Granularity, dtype?: DType): Strip;
//# sourceMappingURL=scales.d.ts.map