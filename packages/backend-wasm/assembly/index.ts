// Everything that the host may call. Kernels that can be split over threads take the range [begin, end) first.
export { heapBase, setScratch } from "./simd";
export { probeDot } from "./probe";
export { productF32 } from "./product-f32";
export { depthwiseF32 } from "./depthwise-f32";
export { depthwiseDot, depthwiseDot3x3, depthwiseWide } from "./depthwise-i8";
export { transposeMatrices } from "./transpose";
export { matmulF32 } from "./matmul-f32";
export { winogradF32 } from "./winograd-f32";
export { productI8 } from "./product-i8";
export { matmulI8, packMatrices } from "./matmul-i8";
export { flipCodes, widenCodes } from "./codes";
export { quantizeRows, quantizeTensor, rangesOfChunks, scaleOfTensor, startSums } from "./dynamic";
export { softmaxRows, softmaxColumns } from "./softmax";
export { layerNormF32, batchNormLast, batchNormFirst } from "./normalization";
export { quantizeBlocks } from "./blocks-quantize";
export { productBlocks } from "./blocks-product";
export { runProgram } from "./program";
