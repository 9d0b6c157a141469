/** Clipping of gradients. */
import { TrainingError } from "./errors.ts";

/** By the norm of all gradients together (Pascanu et al. 2013, algorithm 1), or each element by itself. */
export type Clip = { readonly norm: number } | { readonly value: number };

/** @throws TrainingError unless the bound is positive */
export function checkClip(clip: Clip): void {
  const bound = "norm" in clip ? clip.norm : clip.value;
  if (!(bound > 0)) throw new TrainingError(`gradients must be clipped to something positive, not ${bound}`);
}

/** The Euclidean norm of all elements together; not finite exactly where one of them is not. */
export function globalNorm(gradients: Iterable<Float32Array>): number {
  let sum = 0;
  for (const gradient of gradients) for (let i = 0; i < gradient.length; i++) sum += gradient[i]! ** 2;
  return Math.sqrt(sum);
}

/** In place. @param norm of all gradients together */
export function clipGradients(gradients: Iterable<Float32Array>, clip: Clip, norm: number): void {
  if ("value" in clip) {
    for (const gradient of gradients)
      for (let i = 0; i < gradient.length; i++)
        gradient[i] = Math.min(clip.value, Math.max(-clip.value, gradient[i]!));
    return;
  }
  if (norm <= clip.norm) return;
  const factor = clip.norm / norm;
  for (const gradient of gradients) for (let i = 0; i < gradient.length; i++) gradient[i]! *= factor;
}
