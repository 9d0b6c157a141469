/** Attention in its many forms. Heads are an axis of their own (4 dimensions) or packed into the last one (3). */

import type { MaybeDim } from "./dim.ts";
import * as dims from "./dim.ts";
import { likeInput } from "./elementwise.ts";
import type { Op, Rule, Rules } from "./op.ts";
import { ofRank, type Shape, tensor } from "./value.ts";

/** A tensor as [batch, heads, length, size]. */
function heads(op: Op, index: number, attribute: string): Shape {
  const shape = op.shape(index);
  if (shape?.length === 4) return shape;
  if (shape?.length !== 3) return ofRank(4);
  const count = op.int(attribute);
  return [shape[0], count, shape[1], dims.floorDivide(shape[2], count)];
}

/** ONNX Attention: result, grown caches of keys and values, and the products of queries and keys. */
const attention: Rule = (op) => {
  const query = op.shape(0);
  const [batch, queryHeads, queryLength] = heads(op, 0, "q_num_heads");
  const [, keyHeads, keyLength, keySize] = heads(op, 1, "kv_num_heads");
  const [, , , valueSize] = heads(op, 2, "kv_num_heads");
  const total: MaybeDim = op.has(4) ? dims.add(op.dim(4, 2), keyLength) : keyLength;
  const result =
    query?.length === 3
      ? [batch, queryLength, dims.multiply(queryHeads, valueSize)]
      : query && [batch, queryHeads, queryLength, valueSize];
  return [
    tensor(op.dtype(0), result),
    tensor(op.dtype(1), [batch, keyHeads, total, keySize]),
    tensor(op.dtype(2), [batch, keyHeads, total, valueSize]),
    tensor(op.dtype(0), [batch, queryHeads, queryLength, total]),
  ];
};

const flexAttention: Rule = (op) => {
  const [batch, count, length] = op.shape(0) ?? ofRank(4);
  return [tensor(op.dtype(0), [batch, count, length, op.dim(2, 3)])];
};

/** Packed [batch, length, heads * size]; the state is [batch, heads, size of keys, size of values]. */
const linearAttention: Rule = (op) => {
  const [batch, length] = op.shape(0) ?? ofRank(3);
  const queryHeads = op.int("q_num_heads");
  const keyHeads = op.int("kv_num_heads");
  const keySize = dims.floorDivide(op.dim(1, 2), keyHeads);
  const valueSize = dims.floorDivide(op.dim(2, 2), keyHeads);
  return [
    tensor(op.dtype(0), [batch, length, dims.multiply(queryHeads, valueSize)]),
    tensor(op.dtype(3) ?? op.dtype(0), [batch, keyHeads, keySize, valueSize]),
  ];
};

export const attendingRules: Rules = {
  Attention: attention,
  LinearAttention: linearAttention,
  RotaryEmbedding: likeInput,
};

export const previewRules: Rules = { FlexAttention: flexAttention };
