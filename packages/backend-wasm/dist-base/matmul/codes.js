/** matmul of 8-bit codes: the second operand is packed as weights are, whenever the kernel runs. */
import { multiplier } from "@bitbudget/backend";
import { dtypes, elementCount } from "@bitbudget/core";
import { codeForm, formZero } from "../weighted/code-form.js";
import { codeFields } from "../weighted/code-product.js";
import { packedBytes, packOnes } from "../weighted/code-weights.js";
import { finishFields } from "../weighted/finish.js";
import { PANEL, sharesPanels } from "../weighted/product.js";
import { finiteMultiplier } from "../weighted/requantization.js";
import { inForm } from "../weighted/static.js";
import { numbers } from "../weighted/weights.js";
import { matmulPlan } from "./plan.js";
export function compileCodeMatmul(context, spec, weights, owned) {
    const [aType, bType] = [spec.inputs[0], spec.inputs[1]];
    const { m, k, n, turnA, bByRows, matrices } = matmulPlan(spec, false);
    const form = codeForm(context.dot);
    const [aZeroPoint = 0] = numbers(weights.aZeroPoint);
    const [bZeroPoint = 0] = numbers(weights.bZeroPoint);
    const aZero = formZero(form, aType.dtype, aZeroPoint);
    const bFlip = bType.dtype === "uint8" ? 128 : 0;
    const bZero = bZeroPoint - bFlip;
    const panels = Math.ceil(n / PANEL);
    const bPanels = panels * elementCount(bType.shape.slice(0, -2));
    const byPanels = sharesPanels({ rows: m, channels: n });
    const product = owned.store(codeFields({
        ...{ rows: m, depth: k, groups: 1, channels: n, groupChannels: 0, geometry: 0 },
        ...{ rowStep: k, form, byPanels },
        ones: bZero === 0 ? 0 : owned.store(packOnes(k)),
        zeros: bZero === 0 ? 0 : owned.store(new Int32Array(panels * PANEL).fill(bZero)),
        finish: storeFinish(spec, weights, panels * PANEL, owned),
    }));
    const meetings = owned.store(Uint32Array.from(matrices.flat()));
    const one = owned.store(Float32Array.of(1));
    const wAt = owned.workspace(bPanels * packedBytes(k, PANEL));
    const initAt = owned.workspace(bPanels * PANEL * 4);
    const aRows = m * elementCount(aType.shape.slice(0, -2));
    const turnedAt = turnA ? owned.workspace(aRows * k) : undefined;
    const codes = inForm(context, form, aType.dtype, aZeroPoint, elementCount(aType.shape), owned);
    const total = matrices.length * (byPanels ? panels : m);
    const work = (matrices.length * m * k * n) / 4;
    return ([a, b], [y]) => {
        const [w, init] = [wAt(), initAt()];
        let from = a;
        if (turnedAt !== undefined) {
            const to = turnedAt();
            context.run("transposeMatrices", aRows, aRows * k, from, to, k, m, 0);
            from = to;
        }
        context.run(...["packMatrices", bPanels, bPanels * PANEL * k, b, k, n, bByRows ? 1 : 0], ...[bFlip, aZero, bZero, w, init]);
        context.run("matmulI8", total, work, product, meetings, codes(from), w, init, y, one);
    };
}
/** Address of the Finish for `length` columns. */
function storeFinish({ attributes: { output } }, weights, length, owned) {
    if (output === "int32")
        return owned.store(finishFields({ kind: 0 }));
    const [aScale = 1] = numbers(weights.aScale);
    const [bScale = 1] = numbers(weights.bScale);
    const store = (value) => owned.store(new Float32Array(length).fill(value));
    if (dtypes[output].kind === "float")
        return owned.store(finishFields({ kind: 2, scales: store(Math.fround(aScale * bScale)), bias: store(0) }));
    const [outputScale = 1] = numbers(weights.outputScale);
    const [zeroPoint = 0] = numbers(weights.outputZeroPoint);
    const { min, max } = dtypes[output];
    const factor = finiteMultiplier(multiplier(aScale, bScale, outputScale));
    return owned.store(finishFields({
        ...{ kind: 1, scales: store(factor), low: min - zeroPoint, high: max - zeroPoint },
        ...{ zeroPoint, signed: output === "int8" ? 1 : 0 },
    }));
}
//# sourceMappingURL=codes.js.map