/** Which standard operators there are, and since when (onnx, docs/Operators.md). */

/** Names by the opset that brought them; those of opset 7 or before are under 7. */
const names: Readonly<Record<number, string>> = {
  7: `
    Abs Acos Add And ArgMax ArgMin Asin Atan AveragePool BatchNormalization Cast Ceil Clip Concat Constant
    Conv ConvTranspose Cos DepthToSpace Div Dropout Elu Equal Exp Flatten Floor GRU Gather Gemm
    GlobalAveragePool GlobalLpPool GlobalMaxPool Greater HardSigmoid Hardmax Identity If
    InstanceNormalization LRN LSTM LeakyRelu Less Log LogSoftmax Loop LpNormalization LpPool MatMul Max
    MaxPool MaxRoiPool Mean Min Mul Multinomial Neg Not Or PRelu Pad Pow RNN RandomNormal RandomNormalLike
    RandomUniform RandomUniformLike Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax
    ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Selu Shape Sigmoid Sin Size Slice
    Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Tan Tanh Tile TopK Transpose Unsqueeze
    Upsample Xor`,
  8: "Expand Scan",
  9: `
    Acosh Asinh Atanh Compress ConstantOfShape Cosh Erf EyeLike IsNaN MaxUnpool MeanVarianceNormalization
    NonZero OneHot Scatter Shrink Sign Sinh TfIdfVectorizer Where`,
  10: `
    ConvInteger DequantizeLinear IsInf MatMulInteger Mod NonMaxSuppression QLinearConv QLinearMatMul
    QuantizeLinear Resize ReverseSequence RoiAlign StringNormalizer ThresholdedRelu`,
  11: `
    BitShift ConcatFromSequence CumSum Det DynamicQuantizeLinear GatherElements GatherND Range Round
    ScatterElements ScatterND SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert
    SequenceLength SplitToSequence Unique`,
  12: "Celu Einsum GreaterOrEqual LessOrEqual NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss",
  14: "HardSwish Trilu",
  15: "Bernoulli CastLike Optional OptionalGetElement OptionalHasElement",
  16: "GridSample",
  17: "BlackmanWindow DFT HammingWindow HannWindow LayerNormalization MelWeightMatrix STFT SequenceMap",
  18: "BitwiseAnd BitwiseNot BitwiseOr BitwiseXor CenterCropPad Col2Im GroupNormalization Mish",
  19: "DeformConv",
  20: "AffineGrid Gelu ImageDecoder RegexFullMatch StringConcat StringSplit",
};

/** Operators that onnxruntime writes into the standard domain whatever the opset. */
const anywhere = ["LayerNormalization", "SimplifiedLayerNormalization"];

const introduced: ReadonlyMap<string, number> = new Map([
  ...Object.entries(names).flatMap(([opset, list]) =>
    list
      .trim()
      .split(/\s+/)
      .map((name) => [name, Number(opset)] as const),
  ),
  ...anywhere.map((name) => [name, 1] as const),
]);

/** First opset without an operator that was taken away. */
const removed: ReadonlyMap<string, number> = new Map([
  ["Upsample", 10],
  ["Scatter", 11],
]);

/** Whether an opset from 7 to 21 has a standard operator. */
export function hasOperator(opType: string, opset: number): boolean {
  const first = introduced.get(opType);
  return first !== undefined && first <= opset && opset < (removed.get(opType) ?? Number.POSITIVE_INFINITY);
}
