/** Progress of training as a line of text. */
export interface Progress {
  /** From 1. */
  readonly epoch: number;
  /** In all; undefined where steps are the limit. */
  readonly epochs: number | undefined;
  /** From 1. */
  readonly step: number;
  /** In all; undefined where nobody knows. */
  readonly steps: number | undefined;
  /** Of the last batch. */
  readonly loss: number;
  /** The mean of losses, in which older ones fade. */
  readonly smoothedLoss: number;
  readonly learningRate: number;
  readonly samplesPerSecond: number;
  readonly secondsLeft: number | undefined;
}

/** For instance `epoch 3/10  step 512/2000  loss 0.4213  rate 0.00095  1234 samples/s  2 min 10 s left`. */
export function formatProgress(progress: Progress): string {
  const { epoch, epochs, step, steps, smoothedLoss, learningRate, samplesPerSecond, secondsLeft } = progress;
  const of = (all: number | undefined) => (all === undefined ? "" : `/${all}`);
  return [
    `epoch ${epoch}${of(epochs)}`,
    `step ${String(step).padStart(String(steps ?? "").length)}${of(steps)}`,
    `loss ${smoothedLoss.toPrecision(4)}`,
    `rate ${Number(learningRate.toPrecision(3))}`,
    ...(Number.isFinite(samplesPerSecond) ? [`${Number(samplesPerSecond.toPrecision(3))} samples/s`] : []),
    ...(secondsLeft !== undefined && Number.isFinite(secondsLeft)
      ? [`${formatDuration(secondsLeft)} left`]
      : []),
  ].join("  ");
}

/** In the two largest units: `45 s`, `2 min 10 s`, `3 h 05 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const [minutes, hours] = [Math.floor(whole / 60), Math.floor(whole / 3600)];
  if (hours > 0) return `${hours} h ${two(minutes % 60)} min`;
  return minutes > 0 ? `${minutes} min ${two(whole % 60)} s` : `${whole} s`;
}

function two(x: number): string {
  return String(x).padStart(2, "0");
}
