/** Shapes as few axes as several arrays can be walked along together. */
export interface Axis {
    readonly length: number;
    /** Elements from one position to the next, of each array. */
    readonly steps: readonly number[];
}
/** Leaves axes of length 1 out, and joins an axis with the one before it where all arrays go through both evenly. */
export declare function mergeAxes(shape: readonly number[], strides: readonly (readonly number[])[]): Axis[];
//# sourceMappingURL=axes.d.ts.map