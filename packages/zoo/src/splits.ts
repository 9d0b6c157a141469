/** The parts of a generated data set. Each has generators of its own, so that none repeats what another holds. */
export const splits = ["train", "validation", "test"] as const;
export type Split = (typeof splits)[number];

/** Which samples: `count` of them from number `start` on. A sample depends on split, seed and its number alone. */
export interface Selection {
  readonly split: Split;
  /** Default 0. The committed test sets are those of seed 0. */
  readonly seed?: number;
  /** Default 0. */
  readonly start?: number;
  readonly count: number;
}
