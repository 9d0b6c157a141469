// Sine, cosine and tangent of any float32, in float64. The standard library's own reduce numbers from 2^89 to 2^90 wrongly:
// they shift by 64 bits, which WebAssembly takes for 0.

/** The first 256 bits of 2 / pi behind the point. */
const TWO_OVER_PI = memory.data<u64>([0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561]);

export function sine(x: f32): f64 {
  const quadrant = quadrantOf(x);
  return turned(quadrant, remainder(x, quadrant));
}

export function cosine(x: f32): f64 {
  const quadrant = quadrantOf(x);
  return turned(quadrant + 1, remainder(x, quadrant));
}

export function tangent(x: f32): f64 {
  const quadrant = quadrantOf(x);
  const r = remainder(x, quadrant);
  return quadrant & 1 ? -cosineKernel(r) / sineKernel(r) : sineKernel(r) / cosineKernel(r);
}

/** The sine of r + quadrant * pi / 2. */
function turned(quadrant: i32, r: f64): f64 {
  const y = quadrant & 1 ? cosineKernel(r) : sineKernel(r);
  return quadrant & 2 ? -y : y;
}

/** Beyond it, the product with 2 / pi has more digits than a float64. */
const LARGE: f32 = 268435456;

/** How many quarter turns x is, rounded; of large numbers modulo 4. */
function quadrantOf(x: f32): i32 {
  if (!(abs(x) >= LARGE)) return <i32>nearest(<f64>x * 0.63661977236758134308);
  const turns = largeTurns(x);
  const quadrant = <i32>((turns + 0x2000000000000000) >> 62);
  return x < 0 ? -quadrant : quadrant;
}

/** What is left, from -pi / 4 to pi / 4. */
function remainder(x: f32, quadrant: i32): f64 {
  // pi / 2 in two parts, of which the first has so few bits that its product with a quadrant is exact.
  if (!(abs(x) >= LARGE)) return <f64>x - <f64>quadrant * 1.57079631090164184570 - <f64>quadrant * 1.58932547735281966916e-8;
  if (!(abs(x) < Infinity)) return NaN;
  // Of the turns, 62 bits are the fraction of a quarter; pi * 2^-65 makes an angle of them, shifted to the top.
  const r = <f64><i64>(largeTurns(x) << 2) * 8.51530395021638647334e-20;
  return x < 0 ? -r : r;
}

/** |x| * 2 / pi modulo 4, with 62 bits behind the point: Payne and Hanek, 1983. */
function largeTurns(x: f32): u64 {
  const bits = reinterpret<u32>(x) & 0x7fffffff;
  const mantissa = <u64>((bits & 0x7fffff) | 0x800000);
  // Bits of 2 / pi that make multiples of 4 are left out.
  const skipped = <i32>min<u32>(bits >> 23, 254) - 152;
  const table = TWO_OVER_PI + ((skipped >> 6) << 3);
  const shift = <u64>(skipped & 63);
  const high = joined(load<u64>(table), load<u64>(table, 8), shift);
  const low = joined(load<u64>(table, 8), load<u64>(table, 16), shift) >> 32;
  return mantissa * high + ((mantissa * low) >> 32);
}

/** The bits of a and then b, from bit `shift` on. */
function joined(a: u64, b: u64, shift: u64): u64 {
  return shift == 0 ? a : (a << shift) | (b >> (64 - shift));
}

/** sin(x) for |x| <= pi / 4 (musl, __sindf). */
function sineKernel(x: f64): f64 {
  const z = x * x;
  const r = -0.000198393348360966317347 + z * 0.0000027183114939898219064;
  const s = z * x;
  return x + s * (-0.166666666416265235595 + z * 0.0083333293858894631756) + s * (z * z) * r;
}

/** cos(x) for |x| <= pi / 4 (musl, __cosdf). */
function cosineKernel(x: f64): f64 {
  const z = x * x;
  const w = z * z;
  const r = -0.00138867637746099294692 + z * 0.0000243904487962774090654;
  return 1 + z * -0.499999997251031003120 + w * 0.0416666233237390631894 + w * z * r;
}
