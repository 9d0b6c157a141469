import { ArgumentError } from "@bitbudget/core";
import { describe, expect, test } from "vitest";
import { Random, xoshiro128 } from "../src/random.ts";

describe("xoshiro128**", () => {
  test("gives what the authors' C program gives for the state 1, 2, 3, 4", () => {
    const state = Uint32Array.of(1, 2, 3, 4);
    expect([0, 0, 0, 0].map(() => xoshiro128(state))).toEqual([11520, 0, 5927040, 70819200]);
  });

  test("gives what the definition gives in whole numbers", () => {
    const mask = 2n ** 32n - 1n;
    const rotl = (x: bigint, k: bigint) => ((x << k) | (x >> (32n - k))) & mask;
    const words = [0xdeadbeefn, 0x12345678n, 0xffffffffn, 0x80000001n] as [bigint, bigint, bigint, bigint];
    const state = Uint32Array.from(words, Number);
    for (let i = 0; i < 200; i++) {
      const result = (rotl((words[1] * 5n) & mask, 7n) * 9n) & mask;
      const t = (words[1] << 9n) & mask;
      words[2] ^= words[0];
      words[3] ^= words[1];
      words[1] ^= words[2];
      words[0] ^= words[3];
      words[2] ^= t;
      words[3] = rotl(words[3], 11n);
      expect(xoshiro128(state)).toBe(Number(result));
    }
  });
});

describe("Random", () => {
  test("keys name streams", () => {
    const first = (...key: number[]) => new Random(...key).bits();
    expect(first(1, 2, 3)).toBe(first(1, 2, 3));
    const keys = [[], [0], [0, 0], [1, 2, 3], [3, 2, 1], [1, 2], [1, 2, 4], [-1], [2 ** 31], [1, 0, 2]];
    expect(new Set(keys.map((key) => first(...key))).size).toBe(keys.length);
    const many = Array.from({ length: 20_000 }, (_, i) => first(7, i >> 8, i & 255));
    // Of 20,000 draws from 2^32, 0.05 pairs are expected to agree.
    expect(new Set(many).size).toBeGreaterThan(19_997);
    expect(() => new Random(0.5)).toThrow(ArgumentError);
  });

  test("neighbouring keys give unrelated numbers", () => {
    const n = 20_000;
    let [products, sum] = [0, 0];
    for (let i = 0; i < n; i++) {
      const a = new Random(1, i).between(-1, 1);
      const b = new Random(1, i + 1).between(-1, 1);
      products += a * b;
      sum += a;
    }
    // Deviations of the means: 1/3 and 1/sqrt(3), over sqrt(n). Within five of them.
    expect(Math.abs(products / n)).toBeLessThan(5 / 3 / Math.sqrt(n));
    expect(Math.abs(sum / n)).toBeLessThan(5 / Math.sqrt(3 * n));
  });

  test("numbers lie where they should", () => {
    const random = new Random(5);
    const counts = new Array(12).fill(0);
    let [sum, squares] = [0, 0];
    for (let i = 0; i < 12_000; i++) {
      counts[random.below(12)]++;
      const x = random.normal();
      sum += x;
      squares += x * x;
      const { x: dx, y: dy } = random.direction();
      if (Math.abs(dx * dx + dy * dy - 1) > 1e-12) throw new Error(`${dx}, ${dy} is not on the circle`);
      const between = random.between(-3, -2);
      if (!(between >= -3 && between < -2)) throw new Error(`${between}`);
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(1000));
    expect(Math.abs(sum / 12_000)).toBeLessThan(5 / Math.sqrt(12_000));
    expect(squares / 12_000).toBeCloseTo(1, 1);
    expect(random.shuffled([1, 2, 3, 4, 5]).sort()).toEqual([1, 2, 3, 4, 5]);
    expect(() => random.pick([])).toThrow(ArgumentError);
  });
});
