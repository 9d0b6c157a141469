/** Keys of specs: equal for what means the same, different for everything else. */
import { describe, expect, test } from "vitest";
import { freezeSpec, type KernelSpec, specKey } from "../src/index.ts";
import { linear } from "./fake.ts";

const clip = (min?: number, max?: number): KernelSpec<"unary"> => ({
  op: "unary",
  inputs: [{ dtype: "float32", shape: [1] }],
  attributes: {
    function: { fn: "clip", ...(min !== undefined && { min }), ...(max !== undefined && { max }) },
  },
});

describe("specKey", () => {
  test("does not depend on the order of keys, nor on keys that are undefined", () => {
    const reversed = JSON.parse(
      '{"attributes":{"bias":"float32","output":"float32","weight":{"dtype":"float32"},"channels":3},' +
        '"inputs":[{"shape":[2],"dtype":"float32"}],"op":"linear"}',
    );
    expect(specKey(reversed)).toBe(specKey(linear));
    const { op, inputs, attributes } = linear;
    const undefinedKey = { op, inputs, attributes: { ...attributes, dynamic: undefined } };
    expect(specKey(JSON.parse(JSON.stringify(undefinedKey)))).toBe(specKey(linear));
    expect(specKey(Object.assign({}, linear, undefinedKey))).toBe(specKey(linear));
  });

  test("depends on everything else", () => {
    const { attributes } = linear;
    const variants: KernelSpec[] = [
      linear,
      { ...linear, inputs: [{ dtype: "float32", shape: [3] }] },
      { ...linear, inputs: [{ dtype: "float16", shape: [2] }] },
      { ...linear, inputs: [{ dtype: "float32", shape: [1, 2] }] },
      { ...linear, attributes: { ...attributes, channels: 4 } },
      { ...linear, attributes: { ...attributes, activation: { fn: "relu" } } },
      { ...linear, attributes: { ...attributes, activation: { fn: "gelu", approximate: "none" } } },
      clip(),
      clip(0),
      clip(undefined, 0),
      clip(0, Number.POSITIVE_INFINITY),
      clip(Number.NEGATIVE_INFINITY, 0),
    ];
    expect(new Set(variants.map(specKey)).size).toBe(variants.length);
  });

  test("reads like the spec", () => {
    expect(specKey(clip(0, Number.POSITIVE_INFINITY))).toBe(
      '{"attributes":{"function":{"fn":"clip","max":"Infinity","min":0}},"inputs":[{"dtype":"float32","shape":[1]}],"op":"unary"}',
    );
  });
});

test("freezeSpec makes a deep copy that cannot be changed", () => {
  const spec = { ...linear, inputs: [{ dtype: "float32" as const, shape: [2] }] };
  const frozen = freezeSpec<"linear">(spec);
  spec.inputs[0]!.shape[0] = 9;
  expect(frozen).toEqual(linear);
  expect(frozen).not.toBe(spec);
  for (const part of [
    frozen,
    frozen.inputs,
    frozen.inputs[0],
    frozen.inputs[0]?.shape,
    frozen.attributes.weight,
  ])
    expect(Object.isFrozen(part)).toBe(true);
});
