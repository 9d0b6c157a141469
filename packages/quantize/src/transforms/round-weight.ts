/** A weight to the nearest codes of its scheme, which is what a search for factors tries. */
import { dtypes, groupsOf, minMaxPerGroup, type Quantized, quantize } from "@bitbudget/core";
