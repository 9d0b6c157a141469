/** All operators that a training graph holds in another form than a model. */
import { batchNormalization } from "./batch-norm.ts";
import { constant } from "./constant.ts";
import { dropout } from "./dropout.ts";
import type { OperatorTable } from "./operator.ts";

export const operators: OperatorTable = {
  BatchNormalization: batchNormalization,
  Constant: constant,
  Dropout: dropout,
};
