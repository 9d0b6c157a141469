/**
 * Linear attention: a state of key-value products instead of a cache, updated token by token.
 * Rules "linear" (Katharopoulos et al. 2020), "gated" (Yang et al. 2023), "delta" (Schlag et al. 2021) and "gated_delta"
 * (Yang et al. 2024) as ONNX LinearAttention defines them.
 */

export interface LinearAttentionSize {
  readonly batch: number;
  readonly length: number;
  readonly queryHeads: number;
  /** Each serves a group of consecutive query heads. */
  readonly heads: number;
  readonly keySize: number;
  readonly valueSize: number;
}

/** Heads are packed into the last dimension of everything but the state. */
export interface LinearAttentionInputs {
  /** [batch, length, queryHeads * keySize] */
  readonly query: Float64Array;
  /** [batch, length, heads * keySize] */
  readonly key: Float64Array;
  /** [batch, length, heads * valueSize] */
  readonly value: Float64Array;
  /** Logarithms, [batch, length, heads * size] with size 1 or keySize; undefined: nothing decays. */
  readonly decay: { readonly logs: Float64Array; readonly size: number } | undefined;
  /** Update rates, [batch, length, heads] with 1 head for all or one each; undefined: no delta rule. */
  readonly beta: { readonly rates: Float64Array; readonly heads: number } | undefined;
}

/**
 * @param state [batch, heads, keySize, valueSize]; holds the last state afterwards
 * @returns [batch, length, queryHeads * valueSize]
 */
export function linearAttention(
  size: LinearAttentionSize,
  inputs: LinearAttentionInputs,
  state: Float64Array,
  scale: number,
): Float64Array {
  const { batch, length, queryHeads, heads, keySize, valueSize } = size;
  const { query, key, value, decay, beta } = inputs;
  const group = queryHeads / heads;
  const output = new Float64Array(batch * length * queryHeads * valueSize);
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++) {
      const at = (b * heads + h) * keySize * valueSize;
      const own = state.subarray(at, at + keySize * valueSize);
      for (let t = 0; t < length; t++) {
        const token = b * length + t;
        const row = token * heads + h;
        const k = key.subarray(row * keySize, (row + 1) * keySize);
        const v = value.slice(row * valueSize, (row + 1) * valueSize);
        if (decay !== undefined) {
          const logs = decay.logs.subarray(row * decay.size, (row + 1) * decay.size);
          fade(own, logs, keySize, valueSize);
        }
        if (beta !== undefined) {
          const rate = beta.rates[beta.heads === 1 ? token : row]!;
          const stored = readState(own, k, valueSize);
          for (let j = 0; j < valueSize; j++) v[j] = rate * (v[j]! - stored[j]!);
        }
        for (let i = 0; i < keySize; i++)
          for (let j = 0; j < valueSize; j++) own[i * valueSize + j]! += k[i]! * v[j]!;
        for (let g = 0; g < group; g++) {
          const reader = token * queryHeads + h * group + g;
          const q = query.subarray(reader * keySize, (reader + 1) * keySize);
          output.set(
            readState(own, q, valueSize).map((x) => scale * x),
            reader * valueSize,
          );
        }
      }
    }
  return output;
}

/** Multiplies the rows of a state by exp(logs), one for all or one each. */
function fade(state: Float64Array, logs: Float64Array, keySize: number, valueSize: number): void {
  for (let i = 0; i < keySize; i++) {
    const factor = Math.exp(logs.length === 1 ? logs[0]! : logs[i]!);
    for (let j = 0; j < valueSize; j++) state[i * valueSize + j]! *= factor;
  }
}

/** What a state holds under a key: state^T key. */
function readState(state: Float64Array, key: Float64Array, valueSize: number): Float64Array {
  const found = new Float64Array(valueSize);
  for (let i = 0; i < key.length; i++)
    for (let j = 0; j < valueSize; j++) found[j]! += key[i]! * state[i * valueSize + j]!;
  return found;
}
