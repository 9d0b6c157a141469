/** The float formats over their whole domain, against numpy, ml_dtypes and exact arithmetic (vectors/README.md). */
import { describe, expect, test } from "vitest";
import { decode, decodeArray, encode, encodeArray, pack, round, unpack } from "../src/index.ts";
import { expectSame } from "./support/compare.ts";
import { formatVectors, vectorFormats } from "./support/vectors.ts";

/** Codes one to an element, as the vectors have them. */
function separate(dtype: (typeof vectorFormats)[number], data: Uint8Array | Uint16Array, length: number) {
  return dtype === "float4_e2m1" ? unpack(dtype, data as Uint8Array, length) : data;
}

describe.each(vectorFormats)("%s", async (dtype) => {
  const vectors = await formatVectors(dtype);
  const everyCode = Uint16Array.from(vectors.values, (_, code) => code);

  test("every code decodes to the value it stands for", () => {
    expectSame(
      Array.from(everyCode, (code) => decode(dtype, code)),
      Array.from(vectors.values),
      everyCode,
    );
    const data = dtype === "float4_e2m1" ? pack(Uint8Array.from(everyCode), 4) : everyCode;
    const storage = dtype === "float16" || dtype === "bfloat16" ? data : Uint8Array.from(data);
    expectSame(decodeArray(dtype, storage, everyCode.length), vectors.values, everyCode);
  });

  test("every value encodes to its code", () => {
    const expected = everyCode.map((code) =>
      Number.isNaN(vectors.values[code]) ? encode(dtype, NaN) : code,
    );
    expectSame(
      Array.from(vectors.values, (value) => encode(dtype, value, { saturate: false })),
      Array.from(expected),
      vectors.values,
    );
    const data = encodeArray(dtype, vectors.values, undefined, { saturate: false });
    expectSame(separate(dtype, data, expected.length), expected, vectors.values);
  });

  test.each([true, false])(
    "every tie goes to the even code, and its neighbours to theirs (saturate: %s)",
    (saturate) => {
      const { inputs, codes } = vectors;
      for (let i = 0; i < inputs.length; i++) {
        const code = encode(dtype, inputs[i]!, { saturate });
        if (code !== codes[i])
          expect({ input: inputs[i], code }).toEqual({ input: inputs[i], code: codes[i] });
      }
      const data = encodeArray(dtype, inputs, undefined, { saturate });
      expectSame(separate(dtype, data, inputs.length), codes, inputs);
    },
  );

  test("doubles round once", () => {
    const { doubles, doubleCodes } = vectors;
    expectSame(
      Array.from(doubles, (x) => encode(dtype, x)),
      Array.from(doubleCodes),
      doubles,
    );
    expectSame(separate(dtype, encodeArray(dtype, doubles), doubles.length), doubleCodes, doubles);
    expectSame(
      separate(dtype, encodeArray(dtype, Array.from(doubles)), doubles.length),
      doubleCodes,
      doubles,
    );
  });

  test.each(vectors.specials)("$name", ({ value, code, saturated }) => {
    // Sign and payload of a NaN are dropped (a program cannot count on them in a double): one NaN for all.
    const plain = vectors.specials.find((row) => row.name === "NaN")!;
    const expected = Number.isNaN(value) ? plain : { code, saturated };
    for (const [saturate, of] of [
      [true, expected.saturated],
      [false, expected.code],
    ] as const) {
      expect(encode(dtype, value, { saturate })).toBe(of);
      for (const values of [Float32Array.of(value), Float64Array.of(value), [value]]) {
        expect([...separate(dtype, encodeArray(dtype, values, undefined, { saturate }), 1)]).toEqual([of]);
      }
    }
    expect(round(dtype, value)).toBe(decode(dtype, expected.saturated));
  });
});
