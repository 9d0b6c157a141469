/** Scales and zero points of a tensor as operands that broadcast: a number, one for each channel, or one for each block. */
import { decodeArray, elementCount, normalizeAxis, } from "@bitbudget/core";
/**
 * The tensor's shape with the blocks as an axis of their own, so that what belongs to a block broadcasts along it; the
 * same shape where a last, shorter block leaves no such axis.
 */
export function groupedShape(shape, granularity) {
    const blocks = blocksOf(shape, granularity);
    if (blocks === undefined)
        return shape;
    const { axis, count, size } = blocks;
    return [...shape.slice(0, axis), count, size, ...shape.slice(axis + 1)];
}
/** A weight, or the number that an absent one stands for. Of int32 codes zero points are int32, else all is float32. */
export function groupOperand(program, owned, weight, shape, granularity, dtype = "float32") {
    const integers = dtype === "int32";
    if (weight === undefined)
        return integers ? program.int32(0) : program.number(0);
    const decoded = decodeArray(weight.dtype, weight.data, elementCount(weight.shape));
    const numbers = integers ? Int32Array.from(decoded) : Float32Array.from(decoded);
    if (granularity.kind === "tensor")
        return integers ? program.int32(numbers[0] ?? 0) : program.number(numbers[0] ?? 0);
    const axis = normalizeAxis(granularity.axis, shape.length);
    if (granularity.kind === "channel")
        return program.stored(owned.store(numbers), 32, [numbers.length, ...shape.slice(axis + 1).map(() => 1)]);
    const blocks = blocksOf(shape, granularity);
    if (blocks !== undefined)
        return program.stored(owned.store(numbers), 32, [
            ...shape.slice(0, axis),
            blocks.count,
            1,
            ...shape.slice(axis + 1),
        ]);
    return program.stored(owned.store(spread(numbers, shape, axis, granularity.size)), 32, shape);
}
/** undefined where there are none, or the last one is shorter. */
function blocksOf(shape, granularity) {
    if (granularity.kind !== "block")
        return undefined;
    const axis = normalizeAxis(granularity.axis, shape.length);
    const { size } = granularity;
    const length = shape[axis];
    return length % size === 0 ? { axis, count: length / size, size } : undefined;
}
/** One number for each element: what blocks of unequal lengths come to. */
function spread(numbers, shape, axis, size) {
    const inner = elementCount(shape.slice(axis + 1));
    const length = shape[axis];
    const blocks = Math.ceil(length / size);
    const all = new numbers.constructor(elementCount(shape));
    for (let i = 0; i < all.length; i++) {
        const outer = Math.floor(i / (length * inner));
        const block = Math.floor((Math.floor(i / inner) % length) / size);
        all[i] = numbers[(outer * blocks + block) * inner + (i % inner)];
    }
    return all;
}
//# sourceMappingURL=scales.js.map