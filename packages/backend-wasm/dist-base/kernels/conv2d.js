/** conv2d: the windows of images with their channels last times the filters. Other images are turned first. */
import { imageLayout, imageShape, windowOutput } from "@bitbudget/backend";
import { dtypes } from "@bitbudget/core";
import { wasmKernel } from "../kernel.js";
import { compileWeighted } from "../weighted/compile.js";
import { decodeOnce, isDecoded, takesPacked } from "../weighted/decode-once.js";
import { compileDepthwise, isDepthwise } from "../weighted/depthwise.js";
import { convProduct } from "../weighted/product.js";
import { decodedRows, dynamicRows, floatRows, refuseWeighted, staticRows } from "../weighted/rows.js";
import { compileWinograd, isWinograd } from "../weighted/winograd.js";
export const conv2d = wasmKernel({
    rows: [...floatRows, ...decodedRows, ...staticRows, ...dynamicRows(["uint8"])],
    refuse: refuseWeighted,
    compile(context, spec, weights, owned) {
        const last = channelsLast(spec);
        const product = convProduct(last, owned);
        const run = isDecoded(last) && !takesPacked(last, product)
            ? compileLast(context, decodeOnce(last, weights, product), owned, product)
            : compileLast(context, { spec: last, weights }, owned, product);
        return last === spec ? run : turned(context, spec, owned, run);
    },
});
/** A convolution of images with their channels last. */
function compileLast(context, { spec, weights }, owned, product) {
    const compile = isDepthwise(spec) ? compileDepthwise : isWinograd(spec) ? compileWinograd : compileWeighted;
    return compile(context, spec, weights, owned, product);
}
/** The same convolution of images with their channels last. */
function channelsLast(spec) {
    if (spec.attributes.layout === "nhwc")
        return spec;
    const x = spec.inputs[0];
    return {
        ...spec,
        inputs: [{ dtype: x.dtype, shape: imageShape(imageLayout(x.shape, "nchw"), "nhwc") }],
        attributes: { ...spec.attributes, layout: "nhwc" },
    };
}
/** Runs on a turned copy of the input, and turns the result back. */
function turned(context, spec, owned, run) {
    const { image, height, width } = windowOutput(spec, spec.inputs[0]);
    const { channels, output } = spec.attributes;
    const [xShift, yShift] = [shiftOf(spec.inputs[0].dtype), shiftOf(output)];
    const [xArea, yArea] = [image.height * image.width, height * width];
    const xBytes = (image.batch * image.channels * xArea) << xShift;
    const yBytes = (image.batch * channels * yArea) << yShift;
    const [fromAt, toAt] = [owned.workspace(xBytes), owned.workspace(yBytes)];
    return ([x], [y]) => {
        const [from, to] = [fromAt(), toAt()];
        const { batch } = image;
        const xRows = image.channels;
        context.run("transposeMatrices", batch * xArea, batch * xArea * xRows, x, from, xRows, xArea, xShift);
        run([from], [to]);
        context.run("transposeMatrices", batch * channels, batch * yArea * channels, to, y, yArea, channels, yShift);
    };
}
function shiftOf(dtype) {
    return Math.log2(dtypes[dtype].bits / 8);
}
//# sourceMappingURL=conv2d.js.map