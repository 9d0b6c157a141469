// Writes the register tiles of the convolutions of training: rows are outputs (or gradients of them), columns are vectors of
// positions, or terms of a filter. As in tiles.mjs, sums and operands of a tile fit into the 15 registers that V8 has.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Outputs x vectors of 4 positions each. */
export const correlationTiles = [
  [1, 4],
  [2, 4],
  [3, 3],
  [4, 2],
  [5, 2],
  [6, 2],
];
/** Outputs x terms of a filter: an only output takes a line of taps at a time, or all of 3x3. */
export const filterTiles = [
  [1, 9],
  [2, 5],
  [3, 3],
  [4, 2],
  [5, 2],
  [6, 2],
];

const range = (n) => Array.from({ length: n }, (_, i) => i);
const lines = (list) => list.join("\n");

/**
 * y[h, position] = the sum over `offsets` (bytes) of x[position + offset] * w[term, h], for `groups` groups of vectors.
 * positions: for each vector its bytes in x and in y.
 */
function correlationTile([rows, vectors]) {
  const sums = range(rows).flatMap((h) => range(vectors).map((v) => [h, v]));
  return lines([
    `function correlate_${rows}x${vectors}(groups: i32, positions: usize, offsets: usize, end: usize, x: usize, w: usize, y: usize, yStep: usize): void {`,
    "  for (; groups > 0; groups--) {",
    ...range(vectors).map((v) => `    const p${v} = x + load<i32>(positions, ${8 * v});`),
    ...sums.map(([h, v]) => `    let s${h}_${v} = f32x4.splat(0);`),
    "    let at = w;",
    "    for (let term = offsets; term < end; term += 4) {",
    "      const offset = load<i32>(term);",
    // The fewer of the two kinds of operands wait in registers.
    ...(rows < vectors
      ? [
          ...range(rows).map((h) => `      const w${h} = v128.load32_splat(at, ${4 * h});`),
          ...range(vectors).flatMap((v) => [
            `      const x${v} = v128.load(p${v} + offset);`,
            ...range(rows).map((h) => `      s${h}_${v} = madd(x${v}, w${h}, s${h}_${v});`),
          ]),
        ]
      : [
          ...range(vectors).map((v) => `      const x${v} = v128.load(p${v} + offset);`),
          ...range(rows).flatMap((h) => [
            `      const w${h} = v128.load32_splat(at, ${4 * h});`,
            ...range(vectors).map((v) => `      s${h}_${v} = madd(x${v}, w${h}, s${h}_${v});`),
          ]),
        ]),
    `      at += ${4 * rows};`,
    "    }",
    ...range(vectors).flatMap((v) => [
      `    const q${v} = y + load<i32>(positions, ${8 * v + 4});`,
      ...range(rows).map((h) => `    v128.store(q${v} + ${h} * yStep, s${h}_${v});`),
    ]),
    `    positions += ${8 * vectors};`,
    "  }",
    "}",
    "",
  ]);
}

/**
 * to[h, term] += the sum over vectors of x[offset of the vector + offset of the term] * d[vector, h]. offsets: of the terms,
 * `groups` groups of them; d: for each vector one of every row.
 */
function filterTile([rows, terms]) {
  const sums = range(rows).flatMap((h) => range(terms).map((t) => [h, t]));
  const place = ([h, t]) => `to + ${h} * toStep, ${4 * t}`;
  const quads = range(Math.ceil(sums.length / 4)).map((i) => sums.slice(4 * i, 4 * i + 4));
  return lines([
    `function filter_${rows}x${terms}(groups: i32, offsets: usize, vectors: usize, end: usize, x: usize, d: usize, to: usize, toStep: usize): void {`,
    "  for (; groups > 0; groups--) {",
    ...range(terms).map((t) => `    const p${t} = x + load<i32>(offsets, ${4 * t});`),
    ...sums.map(([h, t]) => `    let s${h}_${t} = v128.load32_zero(${place([h, t])});`),
    "    let at = d;",
    "    for (let vector = vectors; vector < end; vector += 4) {",
    "      const offset = load<i32>(vector);",
    ...(rows < terms
      ? [
          ...range(rows).map((h) => `      const d${h} = v128.load(at, ${16 * h});`),
          ...range(terms).flatMap((t) => [
            `      const x${t} = v128.load(p${t} + offset);`,
            ...range(rows).map((h) => `      s${h}_${t} = madd(x${t}, d${h}, s${h}_${t});`),
          ]),
        ]
      : [
          ...range(terms).map((t) => `      const x${t} = v128.load(p${t} + offset);`),
          ...range(rows).flatMap((h) => [
            `      const d${h} = v128.load(at, ${16 * h});`,
            ...range(terms).map((t) => `      s${h}_${t} = madd(x${t}, d${h}, s${h}_${t});`),
          ]),
        ]),
    `      at += ${16 * rows};`,
    "    }",
    ...quads.flatMap((quad, i) => [
      `    const q${i} = sums4(${range(4)
        .map((k) => quad[Math.min(k, quad.length - 1)])
        .map(([h, t]) => `s${h}_${t}`)
        .join(", ")});`,
      ...quad.map((sum, k) => `    v128.store32_lane(${place(sum).replace(",", `, q${i}, ${k},`)});`),
    ]),
    `    offsets += ${4 * terms};`,
    `    to += ${4 * terms};`,
    "  }",
    "}",
    "",
  ]);
}

/** One function for all tiles of a kind, and how many columns its tiles have. */
function choice(name, kind, tiles, parameters) {
  const rest = parameters.replaceAll(/: \w+/g, "");
  return lines([
    `export function ${name}(rows: i32, ${parameters}): void {`,
    "  switch (rows) {",
    ...tiles.slice(1).map(([r, c]) => `    case ${r}: return ${kind}_${r}x${c}(${rest});`),
    `    default: return ${kind}_${tiles[0].join("x")}(${rest});`,
    "  }",
    "}",
    "",
    `export function ${kind}Columns(rows: i32): i32 {`,
    "  switch (rows) {",
    ...tiles.slice(1).map(([r, c]) => `    case ${r}: return ${c};`),
    `    default: return ${tiles[0][1]};`,
    "  }",
    "}",
    "",
  ]);
}

export function writeCorrelationTiles(file) {
  mkdirSync(dirname(file), { recursive: true });
  const text = [
    "// Made by scripts/correlation-tiles.mjs.",
    'import { sums4 } from "../lanes";',
    'import { madd } from "../simd";',
    "",
    ...correlationTiles.map(correlationTile),
    choice(
      "correlateTile",
      "correlate",
      correlationTiles,
      "groups: i32, positions: usize, offsets: usize, end: usize, x: usize, w: usize, y: usize, yStep: usize",
    ),
    ...filterTiles.map(filterTile),
    choice(
      "filterTile",
      "filter",
      filterTiles,
      "groups: i32, offsets: usize, vectors: usize, end: usize, x: usize, d: usize, to: usize, toStep: usize",
    ),
  ];
  writeFileSync(file, lines(text));
}
