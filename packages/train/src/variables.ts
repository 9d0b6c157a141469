/** Tensors that change with training, one after the other in one array: fed as views of it, saved as a whole. */
import { elementCount, type HostTensor } from "@bitbudget/core";

export interface VariableType {
  readonly name: string;
  readonly shape: readonly number[];
}

export class Variables {
  readonly types: readonly VariableType[];
  /** All elements, in the order of the types. */
  readonly data: Float32Array;
  /** Views of the elements, by name. */
  readonly tensors: ReadonlyMap<string, HostTensor<"float32">>;

  /** All zeros. */
  constructor(types: readonly VariableType[]) {
    this.types = types.map(({ name, shape }) => ({ name, shape: [...shape] }));
    this.data = new Float32Array(types.reduce((sum, { shape }) => sum + elementCount(shape), 0));
    let offset = 0;
    this.tensors = new Map(
      this.types.map(({ name, shape }) => {
        const data = this.data.subarray(offset, offset + elementCount(shape));
        offset += data.length;
        return [name, { dtype: "float32", shape, data }];
      }),
    );
  }

  /** The elements of one. */
  get(name: string): Float32Array {
    return this.tensors.get(name)!.data;
  }
}
