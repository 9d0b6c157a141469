/** Shapes as few axes as several arrays can be walked along together. */
/** Leaves axes of length 1 out, and joins an axis with the one before it where all arrays go through both evenly. */
export function mergeAxes(shape, strides) {
    const axes = [];
    for (const [i, length] of shape.entries()) {
        if (length === 1)
            continue;
        const steps = strides.map((of) => of[i]);
        const outer = axes.at(-1);
        if (outer?.steps.every((step, k) => step === steps[k] * length))
            axes[axes.length - 1] = { length: outer.length * length, steps };
        else
            axes.push({ length, steps });
    }
    return axes;
}
//# sourceMappingURL=axes.js.map