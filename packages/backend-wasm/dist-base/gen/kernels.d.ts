/** What both builds export. Made by scripts/build-kernels.mjs. */
export interface Exports {
    heapBase(): number;
    setScratch(address: number): void;
    probeDot(a: number, b: number): number;
    productF32(begin: number, end: number, byPanels: number, x: number, geometry: number, channel: number, w: number, bias: number, y: number, yStep: number, rows: number, depth: number, channels: number, fn: number, alpha: number, beta: number): void;
    productDecoded(begin: number, end: number, byPanels: number, x: number, geometry: number, channel: number, packed: number, w: number, bias: number, y: number, yStep: number, rows: number, depth: number, channels: number, fn: number, alpha: number, beta: number): void;
    depthwiseF32(begin: number, end: number, x: number, geometry: number, w: number, bias: number, y: number, padded: number, fn: number, alpha: number, beta: number): void;
    depthwiseDot(begin: number, end: number, x: number, geometry: number, w: number, taps: number, init: number, multipliers: number, y: number, padded: number, zeros: number, flip: number, low: number, high: number, zeroPoint: number, signed: number): void;
    depthwiseDot3x3(begin: number, end: number, x: number, geometry: number, w: number, init: number, multipliers: number, y: number, padded: number, zeros: number, flip: number, low: number, high: number, zeroPoint: number, signed: number): void;
    depthwiseWide(begin: number, end: number, x: number, geometry: number, w: number, taps: number, init: number, multipliers: number, y: number, padded: number, zeros: number, signedX: number, low: number, high: number, zeroPoint: number, signed: number): void;
    transposeMatrices(begin: number, end: number, x: number, y: number, rows: number, columns: number, shift: number): void;
    matmulF32(begin: number, end: number, a: number, b: number, y: number, offsets: number, zeros: number, m: number, k: number, n: number, bByRows: number): void;
    winogradF32(begin: number, end: number, x: number, geometry: number, w: number, bias: number, zeros: number, y: number, block: number, batch: number, filters: number, fn: number, alpha: number, beta: number): void;
    productI8(begin: number, end: number, product: number, x: number, padding: number, w: number, init: number, y: number, rowScales: number, rowScaleStep: number): void;
    matmulI8(begin: number, end: number, product: number, matrices: number, a: number, w: number, init: number, y: number, rowScales: number): void;
    packMatrices(begin: number, end: number, b: number, k: number, n: number, byRows: number, flip: number, aZero: number, bZero: number, w: number, init: number): void;
    flipCodes(begin: number, end: number, x: number, y: number): void;
    widenCodes(begin: number, end: number, x: number, y: number, signed: number, zero: number): void;
    quantizeRows(begin: number, end: number, x: number, depth: number, zero: number, wide: number, y: number, yStep: number, scales: number): void;
    quantizeTensor(begin: number, end: number, x: number, count: number, scale: number, wide: number, y: number): void;
    rangesOfChunks(begin: number, end: number, x: number, count: number, ranges: number): void;
    scaleOfTensor(_begin: number, _end: number, ranges: number, chunks: number, offset: number, wide: number, result: number): void;
    startSums(begin: number, end: number, zero: number, weightSums: number, init: number): void;
    softmaxRows(begin: number, end: number, x: number, y: number, length: number, log: number): void;
    softmaxColumns(begin: number, end: number, x: number, y: number, length: number, inner: number, log: number): void;
    layerNormF32(begin: number, end: number, x: number, y: number, scale: number, bias: number, length: number, epsilon: number, rms: number): void;
    batchNormLast(begin: number, end: number, x: number, y: number, mean: number, factor: number, bias: number, channels: number): void;
    batchNormFirst(begin: number, end: number, x: number, y: number, mean: number, factor: number, bias: number, channels: number, inner: number): void;
    quantizeBlocks(begin: number, end: number, x: number, depth: number, size: number, quads: number, byRow: number, wide: number, factor: number, to: number): void;
    productBlocks(begin: number, end: number, byPanels: number, a: number, aStep: number, w: number, bias: number, y: number, rows: number, channels: number, blocks: number, quads: number, bits: number, wide: number, zeroPoints: number, fn: number, alpha: number, beta: number): void;
    runProgram(begin: number, end: number, program: number, y: number, x0: number, x1: number, x2: number, x3: number, x4: number, x5: number): void;
    attentionF32(begin: number, end: number, q: number, k: number, v: number, mask: number, y: number, attention: number): void;
    reduceRows(begin: number, end: number, x: number, y: number, length: number, fold: number, finish: number, count: number): void;
    reduceColumns(begin: number, end: number, x: number, y: number, length: number, inner: number, fold: number, finish: number, count: number): void;
    reduceI64(begin: number, end: number, x: number, y: number, length: number, inner: number, fold: number): void;
    maxPoolF32(begin: number, end: number, x: number, y: number, pool: number): void;
    averagePoolF32(begin: number, end: number, x: number, y: number, pool: number): void;
    maxPoolU8(begin: number, end: number, x: number, y: number, pool: number): void;
    maxPoolI8(begin: number, end: number, x: number, y: number, pool: number): void;
    copyBytes(begin: number, end: number, from: number, to: number): void;
}
/** Names of the functions, in the order in which threads know them. */
export declare const functionNames: readonly ["heapBase", "setScratch", "probeDot", "productF32", "productDecoded", "depthwiseF32", "depthwiseDot", "depthwiseDot3x3", "depthwiseWide", "transposeMatrices", "matmulF32", "winogradF32", "productI8", "matmulI8", "packMatrices", "flipCodes", "widenCodes", "quantizeRows", "quantizeTensor", "rangesOfChunks", "scaleOfTensor", "startSums", "softmaxRows", "softmaxColumns", "layerNormF32", "batchNormLast", "batchNormFirst", "quantizeBlocks", "productBlocks", "runProgram", "attentionF32", "reduceRows", "reduceColumns", "reduceI64", "maxPoolF32", "averagePoolF32", "maxPoolU8", "maxPoolI8", "copyBytes"];
//# sourceMappingURL=kernels.d.ts.map