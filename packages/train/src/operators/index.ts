/** All operators that a training graph holds in another form than a model. */
import { batchNormalization } from "./batch-norm.ts";
import { constant } from "./constant.ts";
import { dropout } from "./dropout.ts";
import { gelus } from "./gelu.ts";
import { losses } from "./losses.ts";
import { norms } from "./norms.ts";
import type { OperatorTable } from "./operator.ts";

export const operators: OperatorTable = {
  ...gelus,
  ...losses,
  ...norms,
  BatchNormalization: batchNormalization,
  Constant: constant,
  Dropout: dropout,
};
