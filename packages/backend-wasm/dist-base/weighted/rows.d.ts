/** What linear and conv2d compute on this backend. */
import { type KernelRow, type WeightedSpec } from "@bitbudget/backend";
import { type DType } from "@bitbudget/core";
export declare const floatRows: readonly KernelRow[];
/** Weights that become floats as they are used: they have fewer bits, not another arithmetic. */
export declare const decodedRows: readonly KernelRow[];
/** Activations that are codes: the sums, codes of another scale, or floats. */
export declare const staticRows: readonly KernelRow[];
/** Activations that are floats, quantized by the kernel. */
export declare function dynamicRows(formats: readonly DType[]): readonly KernelRow[];
/** Activations quantized by row or block, times codes in blocks. */
export declare const blockRows: readonly KernelRow[];
export declare function refuseWeighted(spec: WeightedSpec): string | undefined;
//# sourceMappingURL=rows.d.ts.map