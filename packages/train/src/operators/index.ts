/** All operators that a training graph holds in another form than a model. */
import { attentions } from "./attention.ts";
import { batchNormalization } from "./batch-norm.ts";
import { codedProducts } from "./coded-products.ts";
import { constant } from "./constant.ts";
import { dropout } from "./dropout.ts";
import { fused } from "./fused.ts";
import { gelus } from "./gelu.ts";
import { losses } from "./losses.ts";
import { microsoftAttentions } from "./microsoft-attention.ts";
import { norms } from "./norms.ts";
import type { OperatorTable } from "./operator.ts";
import { quantizers } from "./quantize.ts";
import { rotary } from "./rotary.ts";

export const operators: OperatorTable = {
  ...attentions,
  ...codedProducts,
  ...fused,
  ...gelus,
  ...losses,
  ...microsoftAttentions,
  ...norms,
  ...quantizers,
  ...rotary,
  BatchNormalization: batchNormalization,
  Constant: constant,
  Dropout: dropout,
};
