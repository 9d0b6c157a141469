/** Arrays of another realm (an iframe's, a vm context's) fail `instanceof` and are no less arrays. */
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { decodeArray, encodeArray, tensor, valuesOf } from "../src/index.ts";

test("storage and values from another realm", () => {
  const bits: Uint16Array = runInNewContext("Uint16Array.of(0x3c00, 0xc000)");
  expect(bits).not.toBeInstanceOf(Uint16Array);
  expect([...valuesOf(tensor("float16", [2], bits))]).toEqual([1, -2]);
  expect(tensor("float16", [2], bits).data).toBe(bits);

  const numbers: Float32Array = runInNewContext("Float32Array.of(1.1, -2)");
  expect([...encodeArray("float8_e4m3fn", numbers)]).toEqual([0x39, 0xc0]);
  expect([...encodeArray("float16", numbers, bits)]).toEqual([0x3c66, 0xc000]);

  const long: BigInt64Array = runInNewContext("BigInt64Array.of(5n, -6n)");
  expect([...decodeArray("int64", long, 2)]).toEqual([5, -6]);
  expect([...encodeArray("int64", [7, 8], long)]).toEqual([7n, 8n]);
});
