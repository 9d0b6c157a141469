// Writes the register tiles of products with weights in blocks: codes of 8, 4 or 2 bits times 8-bit activations. A tile
// unpacks a vector of codes once and multiplies it with all of its rows; the lanes of its sums are columns, so that nothing
// is added across lanes. src/weighted/pack-blocks.ts has the layout.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Rows x panels of 8 columns. */
const tiles = [
  [1, 1],
  [1, 2],
  [2, 1],
  [3, 1],
  [4, 1],
];

const range = (n) => Array.from({ length: n }, (_, i) => i);
const lines = (list) => list.join("\n");

/** Quads of terms that one turn of the loop takes: a step. With more, V8 puts products that wait for each other side by side. */
const QUADS = 2;

/** The codes of a quad of terms of 8 columns: what to compute before, and a vector of 4 columns x 4 terms for each half of the columns. */
const unpacking = {
  8: (p, q) => ({ codes: range(2).map((half) => `v128.load(w${p}, ${q * 32 + half * 16})`) }),
  4: (p, q) => ({
    before: `const v${p}_${q} = v128.load(w${p}, ${q * 16});`,
    codes: [`v128.and(v${p}_${q}, low)`, `v128.and(i16x8.shr_u(v${p}_${q}, 4), low)`],
  }),
  // The codes of the second half stay where they are, 4 times as large: their scales are 4 times smaller.
  2: (p, q) => ({
    before:
      q % 2 === 0
        ? `const v${p}_${q} = v128.load(w${p}, ${q * 8});`
        : `const v${p}_${q} = i16x8.shr_u(v${p}_${q - 1}, 4);`,
    codes: [`v128.and(v${p}_${q}, low)`, `v128.and(v${p}_${q}, high)`],
  }),
};
const masks = {
  8: [],
  4: ["  const low = i8x16.splat(<i8>mask);"],
  2: ["  const low = i8x16.splat(<i8>mask);", "  const high = i16x8.shl(low, 2);"],
};

/**
 * c[rows][8 * panels] = sums over blocks of activation scale * weight scale * (sum of products of codes). a: rows of
 * [start, codes, scale] for each block, start being what the sum of products starts with, or, where channels have zero points,
 * what it starts with for a zero point of 1, in two parts.
 * mask: the bits of one code. As a parameter it stays in a register; V8 makes constants anew at every use.
 * `wide`: products of 16 bits, exact for any codes on any machine, instead of the relaxed dot product of bytes.
 */
function blockTile(bits, wide, [rows, panels]) {
  const sums = range(rows).flatMap((r) =>
    range(2 * panels).map((j) => ({ r, j, s: `s${r}_${j}`, t: `t${r}_${j}` })),
  );
  const inRegisters = rows * panels <= 2;
  const place = ({ r, j }) => (r * 2 * panels + j) * 16;
  const quadBytes = wide ? 8 : 4;
  const start = ({ r, j }) =>
    `i32x4.dot_i16x8_s(v128.load(w${j >> 1}, ${(j % 2) * 16}), v128.load32_splat(a${r}))`;
  // 2-bit codes of the second half count four times.
  const uniform = ({ r, j }) =>
    bits === 2 && j % 2 === 1 ? `i32x4.shl(v128.load32_splat(a${r}), 2)` : `v128.load32_splat(a${r})`;
  const products = wide ? wideProducts : byteProducts;
  // One row has too few sums to keep the multipliers busy: quads in turns have sums of their own.
  const chains = rows === 1 && !wide ? 2 : 1;
  return lines([
    `export function tileBlocks${bits}${wide ? "Wide" : ""}_${rows}x${panels}(blocks: i32, quads: i32, a: usize, aStep: usize, w: usize, wStep: usize, zeroPoints: i32, mask: i32, c: usize): void {`,
    ...masks[bits],
    ...range(rows).map((r) => `  let a${r} = a + ${r} * aStep;`),
    ...range(panels).map((p) => `  let w${p} = w + ${p} * wStep;`),
    ...sums.map((sum) =>
      inRegisters ? `  let ${sum.t} = f32x4.splat(0);` : `  v128.store(c, f32x4.splat(0), ${place(sum)});`,
    ),
    `  const codeBytes: usize = <usize>quads * ${quadBytes};`,
    "  for (; blocks > 0; blocks--) {",
    ...sums.map((sum) => `    let ${sum.s}_0: v128;`),
    ...(chains === 2 ? sums.map((sum) => `    let ${sum.s}_1 = i32x4.splat(0);`) : []),
    "    if (zeroPoints) {",
    ...sums.map((sum) => `      ${sum.s}_0 = ${start(sum)};`),
    ...range(panels).map((p) => `      w${p} += 32;`),
    "    } else {",
    ...sums.map((sum) => `      ${sum.s}_0 = ${uniform(sum)};`),
    "    }",
    ...range(rows).map((r) => `    a${r} += 4;`),
    "    const end = a0 + codeBytes;",
    "    while (a0 < end) {",
    ...range(QUADS).flatMap((q) => products(bits, rows, panels, q, chains)),
    ...range(rows).map((r) => `      a${r} += ${QUADS * quadBytes};`),
    ...range(panels).map((p) => `      w${p} += ${QUADS * 4 * bits};`),
    "    }",
    ...range(rows).map((r) => `    const x${r} = v128.load32_splat(a${r});`),
    ...sums.map((sum) => {
      const all = chains === 2 ? `i32x4.add(${sum.s}_0, ${sum.s}_1)` : `${sum.s}_0`;
      const scaled = `f32x4.mul(f32x4.convert_i32x4_s(${all}), v128.load(w${sum.j >> 1}, ${(sum.j % 2) * 16}))`;
      return inRegisters
        ? `    ${sum.t} = madd(${scaled}, x${sum.r}, ${sum.t});`
        : `    v128.store(c, madd(${scaled}, x${sum.r}, v128.load(c, ${place(sum)})), ${place(sum)});`;
    }),
    ...range(rows).map((r) => `    a${r} += 4;`),
    ...range(panels).map((p) => `    w${p} += 32;`),
    "  }",
    ...(inRegisters ? sums.map((sum) => `  v128.store(c, ${sum.t}, ${place(sum)});`) : []),
    "}",
    "",
  ]);
}

/** Codes from 0 to 127 are exact as the second operand; for whole bytes src/weighted/blocks.ts looks at Context.dot. */
function byteProducts(bits, rows, panels, q, chains) {
  const columns = range(2 * panels);
  return [
    ...range(panels).flatMap((p) => {
      const { before, codes } = unpacking[bits](p, q);
      return [before ?? "", ...codes.map((code, half) => `const b${2 * p + half}_${q} = ${code};`)];
    }),
    ...range(rows).flatMap((r) => [
      `const x${r}_${q} = v128.load32_splat(a${r}, ${q * 4});`,
      ...columns.map((j) => {
        const sum = `s${r}_${j}_${q % chains}`;
        return `${sum} = i32x4.relaxed_dot_i8x16_i7x16_add_s(x${r}_${q}, b${j}_${q}, ${sum});`;
      }),
    ]),
  ].map((line) => `      ${line}`);
}

/** Vectors have their terms in pairs: the first two of each column, then the other two. */
function wideProducts(bits, rows, panels, q) {
  return range(panels)
    .flatMap((p) => {
      const { before, codes } = unpacking[bits](p, q);
      const sums = codes.flatMap((code, half) => {
        const j = 2 * p + half;
        return [
          `const b${j}_${q} = ${code};`,
          ...["low", "high"].flatMap((part, i) => [
            `const b${j}_${q}${part} = i16x8.extend_${part}_i8x16_u(b${j}_${q});`,
            ...range(rows).map((r) => {
              const x = `v128.load32_splat(a${r}, ${q * 8 + i * 4})`;
              return `s${r}_${j}_0 = i32x4.add(s${r}_${j}_0, i32x4.dot_i16x8_s(b${j}_${q}${part}, ${x}));`;
            }),
          ]),
        ];
      });
      return [before ?? "", ...sums];
    })
    .map((line) => `      ${line}`);
}

/** One function for all tiles of a kind: tiles of one row have one or two panels, others one. */
function choice(bits, wide) {
  const name = `tileBlocks${bits}${wide ? "Wide" : ""}`;
  const [one, two, ...more] = tiles.map(([rows, panels]) => `${name}_${rows}x${panels}`);
  const rest = "blocks, quads, a, aStep, w, wStep, zeroPoints, mask, c";
  return lines([
    `export function ${name}(rows: i32, panels: i32, blocks: i32, quads: i32, a: usize, aStep: usize, w: usize, wStep: usize, zeroPoints: i32, mask: i32, c: usize): void {`,
    `  if (panels == 2) return ${two}(${rest});`,
    "  switch (rows) {",
    ...more.map((tile, i) => `    case ${i + 2}: return ${tile}(${rest});`),
    `    default: return ${one}(${rest});`,
    "  }",
    "}",
    "",
  ]);
}

export function writeBlockTiles(file) {
  mkdirSync(dirname(file), { recursive: true });
  const kinds = [8, 4, 2].flatMap((bits) => [false, true].map((wide) => [bits, wide]));
  const text = [
    "// Made by scripts/block-tiles.mjs.",
    'import { madd } from "../simd";',
    "",
    ...kinds.flatMap(([bits, wide]) => [
      ...tiles.map((tile) => blockTile(bits, wide, tile)),
      choice(bits, wide),
    ]),
  ];
  writeFileSync(file, lines(text));
}
