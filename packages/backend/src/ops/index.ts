/** The ops of the contract. Adding one: its file, a line in each of the two lists below, docs/adding-an-op.md. */
import type { KernelSpec, OpName } from "../spec.ts";
import { type AttentionAttributes, attention } from "./attention.ts";
import { type BinaryAttributes, binary } from "./binary.ts";
import { type CastAttributes, cast } from "./cast.ts";
import { type Conv2dAttributes, conv2d } from "./conv2d.ts";
import { type ConvolutionAttributes, convolution } from "./convolution.ts";
import type { OpDefinition } from "./definition.ts";
import { type ElementwiseAttributes, type ElementwiseWeights, elementwise } from "./elementwise.ts";
import {
  type ConcatAttributes,
  concat,
  type GatherAttributes,
  gather,
  type PadAttributes,
  pad,
  type TransposeAttributes,
  transpose,
} from "./layout.ts";
import { type LinearAttributes, linear } from "./linear.ts";
import { type LookupAttributes, type LookupWeights, lookup } from "./lookup.ts";
import { type MatmulAttributes, type MatmulWeights, matmul } from "./matmul.ts";
import {
  type BatchNormAttributes,
  type BatchNormWeights,
  batchNorm,
  type LayerNormAttributes,
  type LayerNormWeights,
  layerNorm,
} from "./normalization.ts";
import { type PoolGradAttributes, poolGrad } from "./pool-grad.ts";
import { type Pool2dAttributes, pool2d } from "./pool2d.ts";
import {
  type DequantizeAttributes,
  dequantize,
  type QuantizeAttributes,
  type QuantizeWeights,
  quantize,
  type RequantizeAttributes,
  type RequantizeWeights,
  requantize,
} from "./quantize.ts";
import { type RecurrentAttributes, type RecurrentWeights, recurrent } from "./recurrent.ts";
import { type ReduceAttributes, reduce } from "./reduce.ts";
import { type ResizeAttributes, resize } from "./resize.ts";
import { type ScatterAddAttributes, scatterAdd } from "./scatter-add.ts";
import { type ExpandAttributes, expand, type SliceAttributes, slice } from "./slice.ts";
import { type SoftmaxAttributes, softmax } from "./softmax.ts";
import { type UnaryAttributes, unary } from "./unary.ts";
import type { WeightedWeights } from "./weighted.ts";
import { type WhereAttributes, where } from "./where.ts";

/** Attributes and weight names of every op. */
export interface OpMap {
  linear: { attributes: LinearAttributes; weights: WeightedWeights };
  conv2d: { attributes: Conv2dAttributes; weights: WeightedWeights };
  convolution: { attributes: ConvolutionAttributes; weights: never };
  matmul: { attributes: MatmulAttributes; weights: MatmulWeights };
  quantize: { attributes: QuantizeAttributes; weights: QuantizeWeights };
  dequantize: { attributes: DequantizeAttributes; weights: QuantizeWeights };
  requantize: { attributes: RequantizeAttributes; weights: RequantizeWeights };
  unary: { attributes: UnaryAttributes; weights: never };
  binary: { attributes: BinaryAttributes; weights: never };
  elementwise: { attributes: ElementwiseAttributes; weights: ElementwiseWeights };
  lookup: { attributes: LookupAttributes; weights: LookupWeights };
  cast: { attributes: CastAttributes; weights: never };
  where: { attributes: WhereAttributes; weights: never };
  reduce: { attributes: ReduceAttributes; weights: never };
  softmax: { attributes: SoftmaxAttributes; weights: never };
  attention: { attributes: AttentionAttributes; weights: never };
  recurrent: { attributes: RecurrentAttributes; weights: RecurrentWeights };
  layerNorm: { attributes: LayerNormAttributes; weights: LayerNormWeights };
  batchNorm: { attributes: BatchNormAttributes; weights: BatchNormWeights };
  pool2d: { attributes: Pool2dAttributes; weights: never };
  poolGrad: { attributes: PoolGradAttributes; weights: never };
  transpose: { attributes: TransposeAttributes; weights: never };
  slice: { attributes: SliceAttributes; weights: never };
  expand: { attributes: ExpandAttributes; weights: never };
  concat: { attributes: ConcatAttributes; weights: never };
  gather: { attributes: GatherAttributes; weights: never };
  scatterAdd: { attributes: ScatterAddAttributes; weights: never };
  pad: { attributes: PadAttributes; weights: never };
  resize: { attributes: ResizeAttributes; weights: never };
}

/** The definition of every op, by name. */
export const ops: { readonly [O in OpName]: OpDefinition<O> } = {
  linear,
  conv2d,
  convolution,
  matmul,
  quantize,
  dequantize,
  requantize,
  unary,
  binary,
  elementwise,
  lookup,
  cast,
  where,
  reduce,
  softmax,
  attention,
  recurrent,
  layerNorm,
  batchNorm,
  pool2d,
  poolGrad,
  transpose,
  slice,
  expand,
  concat,
  gather,
  scatterAdd,
  pad,
  resize,
};

export const opNames = Object.keys(ops).filter((name): name is OpName => Object.hasOwn(ops, name));

export function definitionOf<O extends OpName>(spec: KernelSpec<O>): OpDefinition<O> {
  return ops[spec.op];
}
