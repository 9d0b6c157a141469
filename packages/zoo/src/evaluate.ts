/** Figures of merit of the two models, or of any others that take and give the same. */
import { type HostTensor, valuesOf } from "@bitbudget/core";
import type { Session } from "@bitbudget/runtime";
import { encodeText, type TextSample, textTensors } from "./language/text.ts";
import { imageBytes, imageTensor, type ShapeImages } from "./shapes/images.ts";

/** Samples that run at once. All runs have as many but the last, so few plans are made. */
const batch = 50;

export interface ShapesScore {
  /** Share of images whose class has the largest logit; the first of several as large. */
  readonly accuracy: number;
  /** [count]: that class. */
  readonly predictions: Uint8Array;
}

/** Runs a model with the input `image` and the output `logits` over a set. */
export async function scoreShapes(session: Session, { pixels, labels }: ShapeImages): Promise<ShapesScore> {
  const predictions = new Uint8Array(labels.length);
  for (let start = 0; start < labels.length; start += batch) {
    const image = imageTensor(pixels.subarray(start * imageBytes, (start + batch) * imageBytes));
    const logits = output(await session.run({ image }));
    predictions.set(largest(logits), start);
  }
  const right = predictions.reduce((sum, prediction, i) => sum + Number(prediction === labels[i]), 0);
  return { accuracy: right / labels.length, predictions };
}

export interface LanguageScore {
  /** Share of the predictable characters, the first of each sample aside, that have the largest logit. */
  readonly accuracy: number;
  /** Mean of -ln(probability) of all characters but the first of each sample. */
  readonly nats: number;
}

/** Runs a model with the input `tokens` and the output `logits` over samples. */
export async function scoreLanguage(
  session: Session,
  samples: readonly TextSample[],
): Promise<LanguageScore> {
  let [right, predictable, nats, characters] = [0, 0, 0, 0];
  for (let start = 0; start < samples.length; start += batch) {
    const part = samples.slice(start, start + batch);
    const logits = output(await session.run({ tokens: textTensors(part).tokens }));
    const [rows, classes] = [valuesOf(logits), logits.shape.at(-1) as number];
    const best = largest(logits);
    const next = part.flatMap(({ text, predictable }) =>
      Array.from(encodeText(text.slice(1)), (token, i) => ({
        token: Number(token),
        sure: predictable[i + 1],
      })),
    );
    next.forEach(({ token, sure }, i) => {
      nats += surprise(rows.subarray(i * classes, (i + 1) * classes), token);
      if (!sure) return;
      predictable++;
      right += Number(best[i] === token);
    });
    characters += next.length;
  }
  return { accuracy: right / predictable, nats: nats / characters };
}

function output(results: Readonly<Record<string, HostTensor>>): HostTensor {
  const { logits } = results;
  if (logits === undefined) throw new Error(`the model has no output "logits" but ${Object.keys(results)}`);
  return logits;
}

/** Place of the largest number of each row. */
function largest(logits: HostTensor): Uint8Array {
  const [values, classes] = [valuesOf(logits), logits.shape.at(-1) as number];
  return Uint8Array.from({ length: values.length / classes }, (_, row) => {
    let best = 0;
    for (let k = 1; k < classes; k++)
      if (values[row * classes + k]! > values[row * classes + best]!) best = k;
    return best;
  });
}

/** Cross-entropy of one row. */
function surprise(row: ArrayLike<number>, token: number): number {
  let top = -Infinity;
  for (let k = 0; k < row.length; k++) top = Math.max(top, row[k]!);
  let sum = 0;
  for (let k = 0; k < row.length; k++) sum += Math.exp(row[k]! - top);
  return Math.log(sum) + top - row[token]!;
}
