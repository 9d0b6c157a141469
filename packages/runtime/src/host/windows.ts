/** Windows of signal processing and the mel scale (ONNX HannWindow, HammingWindow, BlackmanWindow, MelWeightMatrix). */

/** Coefficients of 1, cos(x) and cos(2x), x going from 0 to 2 pi over the window. */
export type WindowCoefficients = readonly [number, number, number];

export const hann: WindowCoefficients = [0.5, -0.5, 0];
/** 25/46 cancels the first side lobe; often rounded to 0.54. */
export const hamming: WindowCoefficients = [25 / 46, -21 / 46, 0];
export const blackman: WindowCoefficients = [0.42, -0.5, 0.08];

/** @param periodic the first `size` points of a window of one point more */
export function cosineWindow([a, b, c]: WindowCoefficients, size: number, periodic: boolean): Float64Array {
  const period = periodic ? size : size - 1;
  return Float64Array.from({ length: size }, (_, n) => {
    const x = (2 * Math.PI * n) / period;
    return a + b * Math.cos(x) + c * Math.cos(2 * x);
  });
}

export interface MelOptions {
  readonly bands: number;
  /** Length of the Fourier transform, of which the bins 0 to half of it count. */
  readonly dftLength: number;
  readonly sampleRate: number;
  readonly lowest: number;
  readonly highest: number;
}

/** Triangular filters, evenly spaced on the mel scale, 2595 log10(1 + f / 700): bins x bands. */
export function melWeights({ bands, dftLength, sampleRate, lowest, highest }: MelOptions): Float64Array {
  const mel = (hertz: number) => (2595 * Math.log1p(hertz / 700)) / Math.LN10;
  const step = (mel(highest) - mel(lowest)) / (bands + 2);
  /** Corners of the triangles, in bins. */
  const corners = Array.from({ length: bands + 2 }, (_, i) => {
    const hertz = 700 * Math.expm1(((i * step + mel(lowest)) / 2595) * Math.LN10);
    return Math.floor(((dftLength + 1) * hertz) / sampleRate);
  });
  const bins = Math.floor(dftLength / 2) + 1;
  const weights = new Float64Array(bins * bands);
  for (let band = 0; band < bands; band++) {
    const [low = 0, centre = 0, high = 0] = corners.slice(band, band + 3);
    for (let bin = Math.max(0, low); bin < Math.min(bins, Math.max(high, centre + 1)); bin++) {
      const rising = centre === low ? 1 : (bin - low) / (centre - low);
      const isFalling = bin > centre || (bin === centre && high > centre);
      weights[bin * bands + band] = isFalling ? (high - bin) / (high - centre) : rising;
    }
  }
  return weights;
}
