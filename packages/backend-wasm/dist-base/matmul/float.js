import { elementCount } from "@bitbudget/core";
import { matmulPlan } from "./plan.js";
export function compileFloatMatmul(context, spec, owned) {
    const { m, k, n, a, b, turnA, bByRows, matrices } = matmulPlan(spec, true);
    const offsets = owned.store(Uint32Array.from(matrices.flatMap(([ofA, ofB]) => [ofA * m * k * 4, ofB * n * k * 4])));
    const panels = Math.ceil(n / 8);
    const zeros = owned.allocate(panels * 32);
    const aRows = m * elementCount(spec.inputs[a].shape.slice(0, -2));
    const turned = turnA ? owned.workspace(aRows * k * 4) : undefined;
    const total = matrices.length * panels;
    const work = matrices.length * m * k * n;
    return (inputs, [y]) => {
        let from = inputs[a];
        if (turned !== undefined) {
            const to = turned();
            context.run("transposeMatrices", aRows, aRows * k, from, to, k, m, 2);
            from = to;
        }
        context.run("matmulF32", total, work, from, inputs[b], y, offsets, zeros, m, k, n, bByRows ? 1 : 0);
    };
}
//# sourceMappingURL=float.js.map