/** Weights of a spec as numbers to pack. */
import { type HostTensor } from "@bitbudget/core";
/** The numbers of a tensor in float32: its own memory where that holds them. */
export declare function float32Weight(weight: HostTensor | undefined): Float32Array;
/** The numbers of a tensor, of any format. Absent weights have none. */
export declare function numbers(weight: HostTensor | undefined): Float64Array;
/** A number for each of `length` channels from a weight that has one for each, one for all, or is absent. */
export declare function spread(weight: HostTensor | undefined, absent: number, length: number): Float64Array;
//# sourceMappingURL=weights.d.ts.map