// Writes the register tiles of the matrix products: the one piece of the kernels that is generated, because a tile of
// R rows and C columns is the same text with other numbers. WebAssembly has 16 SIMD registers on x64, so a tile of 6 rows
// and 8 columns (12 sums, 2 weights, 1 activation) is the largest that does not spill.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Rows x panels of 8 columns. Few rows take more columns, to have enough independent sums in flight. */
export const floatTiles = [
  [1, 1],
  [1, 4],
  [2, 1],
  [2, 2],
  [3, 1],
  [4, 1],
  [5, 1],
  [6, 1],
];
/** The same for codes with the relaxed dot product. */
export const dotTiles = floatTiles;
/** Rows of the tiles that end in codes, one panel wide. */
export const codeRows = [1, 2, 3, 4, 5, 6];
/** With 16-bit products each quad of columns needs two registers of sums. Rows x quads. */
export const wideTiles = [
  [1, 2],
  [2, 2],
  [3, 1],
  [4, 1],
  [5, 1],
  [6, 1],
];

const range = (n) => Array.from({ length: n }, (_, i) => i);
const lines = (list) => list.join("\n");

/**
 * A tile that multiplies 32 bits of each row with a panel's 8 columns at a time:
 * c[r, 0..8*panels) = init[r, ...] + a[r, ...] * b. b: panels of `count` times 32 bytes, `bStep` bytes apart. init and c:
 * rows `initStep` and `cStep` bytes apart; a row of biases has an initStep of 0. `add` adds the products of the weights w
 * and the activations x to the sum s.
 */
function tile(name, count, [rows, panels], add) {
  const columns = range(2 * panels);
  const at = (j) => `b${j >> 1}, ${(j % 2) * 16}`;
  return lines([
    `export function ${name}_${rows}x${panels}(${count}: i32, a: usize, aStep: usize, b: usize, bStep: usize, init: usize, initStep: usize, c: usize, cStep: usize): void {`,
    ...range(rows).map((r) => `  let a${r} = a + ${r} * aStep;`),
    ...range(rows).flatMap((r) =>
      columns.map((j) => `  let s${r}_${j} = v128.load(init + ${r} * initStep, ${j * 16});`),
    ),
    ...range(panels).map((p) => `  let b${p} = b + ${p} * bStep;`),
    `  const end = b0 + (<usize>${count} << 5);`,
    "  while (b0 < end) {",
    ...columns.map((j) => `    const w${j} = v128.load(${at(j)});`),
    ...range(rows).flatMap((r) => [
      `    const x${r} = v128.load32_splat(a${r});`,
      ...columns.map((j) => `    s${r}_${j} = ${add(`w${j}`, `x${r}`, `s${r}_${j}`)};`),
      `    a${r} += 4;`,
    ]),
    ...range(panels).map((p) => `    b${p} += 32;`),
    "  }",
    ...range(rows).flatMap((r) =>
      columns.map((j) => `  v128.store(c + ${r} * cStep, s${r}_${j}, ${j * 16});`),
    ),
    "}",
    "",
  ]);
}

/** Floats: panels of [k][8]. */
const floatTile = (shape) => tile("tileF32", "k", shape, (w, x, s) => `madd(${x}, ${w}, ${s})`);

/** Int32 sums of 8-bit codes: panels of [quads][8 columns][4]. */
const dotTile = (shape) => tile("tileDot", "quads", shape, dot);

/** The relaxed dot product takes a's codes as its 7-bit operand: DotOperand (src/context.ts) says when that is exact. */
const dot = (w, x, s) => `i32x4.relaxed_dot_i8x16_i7x16_add_s(${w}, ${x}, ${s})`;

/**
 * `count` dot tiles, one below the other, whose sums become codes while they are in registers (assembly/requantize.as).
 * init, multipliers: 8 each. f: a Finish. y: rows of 8 codes, yStep bytes apart.
 */
function codeTile(rows) {
  const pairs = range(Math.ceil(rows / 2)).map((i) => [2 * i, Math.min(2 * i + 1, rows - 1)]);
  return lines([
    `export function tileCodes_${rows}(count: i32, quads: i32, a: usize, aStep: usize, b: usize, init: usize, multipliers: usize, f: Finish, y: usize, yStep: usize): void {`,
    "  const end = b + (<usize>quads << 5);",
    "  for (let i = 0; i < count; i++) {",
    ...range(rows).map((r) => `    let a${r} = a + ${r} * aStep;`),
    "    let s0_0 = v128.load(init), s0_1 = v128.load(init, 16);",
    ...range(rows - 1).map((r) => `    let s${r + 1}_0 = s0_0, s${r + 1}_1 = s0_1;`),
    "    for (let p = b; p < end; p += 32) {",
    "      const w0 = v128.load(p), w1 = v128.load(p, 16);",
    ...range(rows).flatMap((r) => [
      `      const x${r} = v128.load32_splat(a${r});`,
      ...[0, 1].map((j) => `      s${r}_${j} = ${dot(`w${j}`, `x${r}`, `s${r}_${j}`)};`),
      `      a${r} += 4;`,
    ]),
    "    }",
    "    const low = f32x4.splat(f.low), offset = i32x4.splat(f.offset);",
    "    const highest = i8x16.splat(<i8>f.highest), flip = i8x16.splat(<i8>f.flip);",
    "    const m0 = v128.load(multipliers), m1 = v128.load(multipliers, 16);",
    ...pairs.flatMap(([r, s]) => [
      `    const c${r} = narrowBytes(steps4(s${r}_0, m0, low, offset), steps4(s${r}_1, m1, low, offset), steps4(s${s}_0, m0, low, offset), steps4(s${s}_1, m1, low, offset), highest, flip);`,
      `    v128.store64_lane(y + ${r} * yStep, c${r}, 0);`,
      ...(s === r ? [] : [`    v128.store64_lane(y + ${s} * yStep, c${r}, 1);`]),
    ]),
    `    a += ${rows} * aStep;`,
    `    y += ${rows} * yStep;`,
    "  }",
    "}",
    "",
  ]);
}

/**
 * The same sums from activations of 16 bits and weights of 8, with the dot product of 16-bit pairs, for `quadsWide` quads
 * of columns in one panel of 8. Each sum is in two lanes until the end.
 */
function wideTile([rows, quads]) {
  const halves = range(2 * quads);
  return lines([
    `export function tileWide_${rows}x${quads}(quads: i32, a: usize, aStep: usize, b: usize, init: usize, initStep: usize, c: usize, cStep: usize): void {`,
    ...range(rows).map((r) => `  let a${r} = a + ${r} * aStep;`),
    ...range(rows).flatMap((r) => halves.map((h) => `  let s${r}_${h} = i32x4.splat(0);`)),
    "  const end = b + (<usize>quads << 5);",
    "  while (b < end) {",
    ...halves.map((h) => `    const w${h} = v128.load8x8_s(b, ${h * 8});`),
    ...range(rows).flatMap((r) => [
      `    const x${r} = v128.load64_splat(a${r});`,
      ...halves.map((h) => `    s${r}_${h} = i32x4.add(s${r}_${h}, i32x4.dot_i16x8_s(w${h}, x${r}));`),
      `    a${r} += 8;`,
    ]),
    "    b += 32;",
    "  }",
    ...range(rows).flatMap((r) =>
      range(quads).flatMap((q) => {
        const [low, high] = [`s${r}_${2 * q}`, `s${r}_${2 * q + 1}`];
        const even = `v128.shuffle<i32>(${low}, ${high}, 0, 2, 4, 6)`;
        const odd = `v128.shuffle<i32>(${low}, ${high}, 1, 3, 5, 7)`;
        const start = `v128.load(init + ${r} * initStep, ${q * 16})`;
        return [
          `  v128.store(c + ${r} * cStep, i32x4.add(${start}, i32x4.add(${even}, ${odd})), ${q * 16});`,
        ];
      }),
    ),
    "}",
    "",
  ]);
}

export function writeTiles(file) {
  mkdirSync(dirname(file), { recursive: true });
  const text = [
    "// Made by scripts/tiles.mjs.",
    'import { Finish } from "../finish";',
    'import { narrowBytes, steps4 } from "../requantize";',
    'import { madd } from "../simd";',
    "",
    ...floatTiles.map(floatTile),
    ...dotTiles.map(dotTile),
    ...codeRows.map(codeTile),
    ...wideTiles.map(wideTile),
  ];
  writeFileSync(file, lines(text));
}
