/** Sequences, optionals and strings: types for the most part, because what they hold is known only when it is there. */

import { broadcast } from "./broadcast.ts";
import type { MaybeDim } from "./dim.ts";
import { likeInput } from "./elementwise.ts";
import type { Op, Rule, Rules } from "./op.ts";
import { concatenated, replaced } from "./slicing.ts";
import { ofRank, tensor, union, unknown, type Value } from "./value.ts";

const construct: Rule = (op) => {
  const [first, ...rest] = op.node.input.map((_, i) => onlyTensor(op.input(i)));
  return [{ sequenceOf: rest.reduce(union, first ?? unknown) }];
};

const insert: Rule = (op) => {
  const { sequenceOf } = op.input(0);
  return [{ sequenceOf: sequenceOf === undefined ? unknown : union(sequenceOf, onlyTensor(op.input(1))) }];
};

const at: Rule = (op) => [op.input(0).sequenceOf ?? unknown];

/** Equal parts along an axis, which without `split` are single slices, of size 1 or none. */
const splitToSequence: Rule = (op) => {
  const { dtype, shape } = op.input(0);
  if (shape === undefined) return [{ sequenceOf: { dtype } }];
  const axis = op.axis(op.int("axis", 0), shape.length);
  const keep = op.has(1) || op.int("keepdims", 1) !== 0;
  const size: MaybeDim = op.has(1) ? undefined : 1;
  const part = keep ? replaced(shape, axis, size) : shape.filter((_, i) => i !== axis);
  return [{ sequenceOf: tensor(dtype, part) }];
};

const concatFromSequence: Rule = (op) => {
  const element = op.input(0).sequenceOf;
  const shape = element?.shape;
  if (shape === undefined) return [tensor(element?.dtype, undefined)];
  const stack = op.int("new_axis", 0) !== 0;
  const rank = shape.length + (stack ? 1 : 0);
  const axis = op.axis(op.int("axis"), rank);
  if (stack) return [tensor(element?.dtype, [...shape.slice(0, axis), undefined, ...shape.slice(axis)])];
  return [concatenated(op, [tensor(element?.dtype, replaced(shape, axis, undefined))], axis)];
};

function withoutData({ dtype, shape, sequenceOf, optionalOf }: Value): Value {
  return { dtype, shape, sequenceOf, optionalOf };
}

/** What a sequence can hold: not another sequence, however a graph is wired. */
function onlyTensor({ dtype, shape }: Value): Value {
  return { dtype, shape };
}

const sequenceMap: Rule = (op) => {
  const inputs = op.node.input.map((_, i) => {
    const input = op.input(i);
    return input.sequenceOf ?? withoutData(input);
  });
  return op.inferSubgraph(op.graph("body"), inputs).map((element) => ({ sequenceOf: onlyTensor(element) }));
};

const optionalElement: Rule = (op) => [op.input(0).optionalOf ?? op.input(0)];

const strings = (op: Op) => broadcast(op, [op.shape(0), op.shape(1)]);

export const sequenceRules: Rules = {
  SequenceConstruct: construct,
  SequenceEmpty: (op) => [{ sequenceOf: { dtype: op.dtypeAttribute("dtype", "float32") } }],
  SequenceInsert: insert,
  SequenceErase: (op) => [op.input(0)],
  SequenceAt: at,
  SequenceLength: () => [tensor("int64", [])],
  SequenceMap: sequenceMap,
  SplitToSequence: splitToSequence,
  ConcatFromSequence: concatFromSequence,
  Optional: (op) => [
    { optionalOf: op.input(0).optionalOf === undefined ? withoutData(op.input(0)) : unknown },
  ],
  OptionalGetElement: optionalElement,
  OptionalHasElement: () => [tensor("bool", [])],
  StringConcat: (op) => [tensor("string", strings(op))],
  StringNormalizer: (op) => [tensor("string", ofRank(op.rank(0)))],
  StringSplit: (op) => {
    const shape = op.shape(0);
    return [tensor("string", shape && [...shape, undefined]), tensor("int64", shape)];
  },
  RegexFullMatch: (op) => [tensor("bool", likeInput(op)[0]?.shape)],
  TfIdfVectorizer: (op) => {
    const weights = op.ints("ngram_indexes");
    const size = weights.reduce((most, index) => Math.max(most, index), -1) + 1;
    const shape = op.shape(0);
    return [tensor("float32", shape && [...shape.slice(0, -1), size])];
  },
};
