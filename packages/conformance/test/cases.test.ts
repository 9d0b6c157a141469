/** The list of cases: sound, unique, repeatable, and with the edges that it promises. */
import { type AnySpec, definitionOf, linearDepth, type OpName, opNames } from "@bitbudget/backend";
import { open } from "@bitbudget/backend-js";
import { elementCount, valuesOf } from "@bitbudget/core";
import { describe, expect, test } from "vitest";
import { bytesOf } from "../src/guarded.ts";
import { type Case, cases, casesUnder, makeTensors, timeCases } from "../src/index.ts";

function outputsOf({ spec }: Case) {
  return definitionOf<AnySpec["op"]>(spec).outputs(spec);
}

function specsOf<O extends OpName>(op: O): Extract<AnySpec, { op: O }>[] {
  return cases.map(({ spec }) => spec).filter((spec): spec is Extract<AnySpec, { op: O }> => spec.op === op);
}

describe("the list", () => {
  test("has unique, readable ids that begin with the op and need no quotes", () => {
    const ids = [...cases, ...timeCases].map(({ id }) => id);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
    expect(ids.filter((id) => !/^[\w.+-]+(\/[\w.+-]+)+$/.test(id))).toEqual([]);
    expect(cases.filter(({ id, spec }) => !id.startsWith(`${spec.op}/`))).toEqual([]);
  });

  test("has cases for every op, some of them worked out by hand", () => {
    for (const op of opNames) {
      expect(cases.filter(({ spec }) => spec.op === op).length, op).toBeGreaterThan(10);
      expect(
        cases.filter(({ spec, expected }) => spec.op === op && expected?.flat().length).length,
        op,
      ).toBeGreaterThan(0);
    }
  });

  test("has only specs that make sense, and as many results by hand as outputs have elements", async () => {
    await using backend = await open();
    for (const testCase of cases) {
      expect(() => backend.supports(testCase.spec), testCase.id).not.toThrow();
      if (testCase.expected === undefined) continue;
      const counts = outputsOf(testCase).map(({ shape }) => elementCount(shape));
      expect(
        testCase.expected.map(({ length }) => length),
        testCase.id,
      ).toEqual(counts);
    }
  });

  test("is plain data", () => {
    const plain = (value: unknown): boolean =>
      value === null || typeof value !== "object"
        ? typeof value !== "function"
        : [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value)) &&
          Object.values(value).every(plain);
    expect(cases.filter((testCase) => !plain(testCase))).toEqual([]);
    const [first] = cases;
    expect(structuredClone(first)).toEqual(first);
  });

  test("is small: no case has more than 20,000 elements in a tensor", () => {
    const largest = cases.map((testCase) =>
      Math.max(...[...testCase.spec.inputs, ...outputsOf(testCase)].map(({ shape }) => elementCount(shape))),
    );
    expect(Math.max(...largest)).toBeLessThan(20000);
  });

  test("finds cases by id and by the beginning of ids", () => {
    expect(casesUnder("linear/float/by-hand").map(({ id }) => id)).toEqual(["linear/float/by-hand"]);
    expect(casesUnder("linear/static/requantize/ties").length).toBeGreaterThan(2);
    expect(casesUnder("nothing")).toEqual([]);
  });
});

describe("numbers of a case", () => {
  test("are the same every time, and others for every case and tensor", () => {
    for (const testCase of cases.slice(0, 50)) {
      const [a, b] = [makeTensors(testCase), makeTensors(testCase)];
      for (const [i, input] of a.inputs.entries())
        expect(bytesOf(input)).toEqual(bytesOf(b.inputs[i] ?? input));
    }
    expect(new Set(cases.map(({ seed }) => seed)).size).toBe(cases.length);
  });

  test("are these, on every engine", () => {
    const [testCase] = casesUnder("binary/sub/float32/broadcast/3x5andscalar");
    const [input] = testCase === undefined ? [] : makeTensors(testCase).inputs;
    expect(input === undefined ? [] : [...valuesOf(input)].slice(0, 4)).toEqual([-6.75, 7.375, -1.75, -7]);
  });

  test("of 8-bit outputs do not all saturate", async () => {
    await using backend = await open();
    for (const testCase of cases) {
      const [output] = outputsOf(testCase);
      const { spec, id } = testCase;
      if (spec.op !== "linear" || output === undefined || !id.startsWith("linear/static/")) continue;
      if (testCase.expected !== undefined || !["int8", "uint8"].includes(output.dtype)) continue;
      if (elementCount(output.shape) < 16) continue;
      const { inputs, weights } = makeTensors(testCase);
      using kernel = await backend.prepare<AnySpec["op"]>(spec, weights);
      const result = backend.create(output);
      backend.dispatch(
        kernel,
        inputs.map((input) => backend.create(input, input.data)),
        [result],
      );
      const codes = new Set(valuesOf(await backend.read(result)));
      expect(codes.size, id).toBeGreaterThan(3);
    }
  });
});

describe("edges", () => {
  test("of linear: lengths around the widths of vectors, all sizes of batches", () => {
    const specs = specsOf("linear");
    const depths = new Set(specs.map(linearDepth));
    for (const depth of [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 65, 130])
      expect(depths, `K=${depth}`).toContain(depth);
    const rows = new Set(specs.map(({ inputs }) => elementCount(inputs[0]?.shape.slice(0, -1) ?? [])));
    for (const count of [0, 1, 2, 3, 4, 5, 6, 7, 8, 33]) expect(rows, `M=${count}`).toContain(count);
    const channels = new Set(specs.map(({ attributes }) => attributes.channels));
    for (const count of [1, 3, 4, 7, 8, 9, 31, 32, 33]) expect(channels, `N=${count}`).toContain(count);
  });

  test("of linear: blocks that do not divide", () => {
    const ragged = specsOf("linear").filter(({ inputs, attributes: { weight } }) => {
      const { granularity } = weight;
      return granularity?.kind === "block" && linearDepth({ inputs }) % granularity.size !== 0;
    });
    expect(new Set(ragged.map(({ attributes: { weight } }) => weight.dtype)).size).toBe(6);
  });

  test("of conv2d: every geometry in both layouts, on codes and on floats", () => {
    const specs = specsOf("conv2d");
    for (const layout of ["nchw", "nhwc"])
      for (const integer of [true, false]) {
        const some = specs
          .filter(({ attributes }) => attributes.layout === layout)
          .filter(({ inputs }) => (inputs[0]?.dtype === "uint8" || inputs[0]?.dtype === "int8") === integer)
          .map(({ attributes }) => attributes);
        const has = (what: string, found: boolean) =>
          expect(found, `${what} ${layout} ${integer}`).toBe(true);
        has(
          "depthwise",
          some.some(({ groups, channels }) => groups > 1 && groups === channels),
        );
        has(
          "groups",
          some.some(({ groups, channels }) => groups > 1 && groups < channels),
        );
        has(
          "stride",
          some.some(({ strides }) => strides[0] > 1),
        );
        has(
          "dilation",
          some.some(({ dilations }) => dilations[0] > 1),
        );
        has(
          "asymmetric padding",
          some.some(({ pads }) => pads[0] !== pads[2]),
        );
        for (const kernel of ["1,1", "3,3", "5,5", "1,7", "7,1"])
          has(
            kernel,
            some.some((attributes) => attributes.kernel.join() === kernel),
          );
      }
  });

  test("of all ops: empty tensors, scalars, NaN", () => {
    const empty = new Set(
      cases
        .filter((testCase) =>
          [...testCase.spec.inputs, ...outputsOf(testCase)].some(({ shape }) => shape.includes(0)),
        )
        .map(({ spec }) => spec.op),
    );
    for (const op of opNames)
      if (op !== "cast" && op !== "requantize" && op !== "resize") expect(empty).toContain(op);
    const scalars = new Set(
      cases
        .filter(({ spec }) => spec.inputs.some(({ shape }) => shape.length === 0))
        .map(({ spec }) => spec.op),
    );
    for (const op of ["unary", "binary", "reduce", "quantize", "dequantize", "gather", "transpose"])
      expect(scalars).toContain(op);
    const withNaN = new Set(
      cases
        .filter((testCase) =>
          makeTensors(testCase).inputs.some((input) => [...valuesOf(input)].some(Number.isNaN)),
        )
        .map(({ spec }) => spec.op),
    );
    for (const op of [
      "linear",
      "conv2d",
      "matmul",
      "quantize",
      "unary",
      "binary",
      "reduce",
      "pool2d",
      "where",
      "cast",
    ])
      expect(withNaN).toContain(op);
  });
});
