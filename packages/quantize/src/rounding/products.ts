/** Sums of outer products of rows, on a backend: a product of matrices in float32 for each batch, summed up in float64. */
import type { Backend } from "@bitbudget/backend";
import { tensor } from "@bitbudget/core";
import {
  create,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  OperatorSetIdProtoSchema,
} from "@bitbudget/onnx";
import { createSession, type Session } from "@bitbudget/runtime";

/** The mean of x y^T over all rows that were added, for each group. */
export class OuterProducts {
  readonly values: Float64Array;
  readonly #groups: number;
  readonly #size: number;
  #rows = 0;

  constructor(groups: number, size: number) {
    this.#groups = groups;
    this.#size = size;
    this.values = new Float64Array(groups * size * size);
  }

  /** @param x [groups, count, size], as y */
  async add(multiplier: Multiplier, x: Float32Array, y: Float32Array, count: number): Promise<void> {
    const product = await multiplier.multiply(x, y, this.#groups, count, this.#size);
    const before = this.#rows;
    this.#rows += count;
    for (let i = 0; i < product.length; i++)
      this.values[i] = (this.values[i]! * before + product[i]!) / this.#rows;
  }
}

/** The session that multiplies. */
export class Multiplier {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  static async open(backend: Backend): Promise<Multiplier> {
    return new Multiplier(await createSession(productModel(), { backend, maxPlans: 4 }));
  }

  /** x^T y for each group. */
  async multiply(
    x: Float32Array,
    y: Float32Array,
    groups: number,
    count: number,
    size: number,
  ): Promise<Float32Array> {
    const shape = [groups, count, size];
    const { z } = await this.#session.run({ x: tensor("float32", shape, x), y: tensor("float32", shape, y) });
    return z?.data as Float32Array;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#session.dispose();
  }
}

function productModel(): ModelProto {
  const shape = ["groups", "count", "size"];
  return create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [create(OperatorSetIdProtoSchema, { version: 21n })],
    graph: create(GraphProtoSchema, {
      name: "products",
      node: [
        makeNode("Transpose", ["x"], ["turned"], { attributes: { perm: [0n, 2n, 1n] } }),
        makeNode("MatMul", ["turned", "y"], ["z"]),
      ],
      input: [makeValueInfo("x", "float32", shape), makeValueInfo("y", "float32", shape)],
      output: [makeValueInfo("z", "float32", ["groups", "size", "size"])],
    }),
  });
}
