import { functionCode } from "../functions.js";
import { blockLayout, packBlocks } from "./pack-blocks.js";
import { PANEL, packChannels, sharesPanels, workOf } from "./product.js";
import { float32Weight } from "./weights.js";
export function compileBlocks(context, spec, weights, owned, product) {
    const { rows, depth, channels } = product;
    const { dynamic, weight, activation } = spec.attributes;
    const wholeBytes = weight.dtype === "int8" || weight.dtype === "uint8";
    // Whole bytes take the relaxed dot product of bytes only where that is exact for them.
    const wide = !context.relaxed || (wholeBytes && context.dot === "seven");
    const operand = wholeBytes && context.dot === "signed" ? "signed" : "unsigned";
    const layout = blockLayout(spec, weights, product, wide ? "pairs" : "quads", operand);
    const { bits, size, count, quads, zeroPoint } = layout;
    const w = owned.store(packBlocks(weights, product, layout));
    const bias = weights.bias === undefined ? new Float32Array(channels) : float32Weight(weights.bias);
    const init = owned.store(packChannels(bias, product));
    const rowBytes = count * (8 + quads * (wide ? 8 : 4));
    const codesAt = owned.workspace(rows * rowBytes);
    const { fn, alpha, beta } = functionCode(activation);
    const byPanels = sharesPanels(product);
    const byRow = dynamic?.granularity === "row";
    return ([x], [y]) => {
        const codes = codesAt();
        context.run("quantizeBlocks", rows, rows * depth * 4, x, depth, size, quads, byRow ? 1 : 0, wide ? 1 : 0, zeroPoint ?? 1, codes);
        context.run("productBlocks", byPanels ? Math.ceil(channels / PANEL) : rows, workOf(product) / 4, byPanels ? 1 : 0, codes, rowBytes, w, init, y, rows, channels, count, quads, bits, wide ? 1 : 0, zeroPoint === undefined ? 1 : 0, fn, alpha, beta);
    };
}
//# sourceMappingURL=blocks.js.map