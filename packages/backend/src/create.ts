/**
 * The half of a backend that is the same for all: argument checks, ownership, aliasing, lifetimes, refusals.
 * A backend is a device (memory, order, clock) plus a table of small kernel files; `createBackend` makes the rest.
 */
import type { TensorType } from "@bitbudget/core";
import { type Arithmetic, type Backend, type Kernel, type Tensor, VIEW_ALIGNMENT } from "./backend.ts";
import { type Capability, describeOperands, findCapability, type Support } from "./capability.ts";
import { checkSpec, checkStorage, checkWeights, sameType, typeBytes } from "./check.ts";
import { DisposedError, describeType, OperandError, UnsupportedError } from "./errors.ts";
import { definitionOf, opNames } from "./ops/index.ts";
import type { BackendParts, KernelTable, Prepared } from "./parts.ts";
import { type AnySpec, freezeSpec, type KernelSpec, type OpName, type Weights } from "./spec.ts";
import { takeSamples } from "./timing.ts";

export function createBackend<Context, Buffer>(parts: BackendParts<Context, Buffer>): Backend {
  const { name, device, context, kernels } = parts;
  const live = { tensors: new Set<TensorHandle>(), kernels: new Set<Kernel>(), bytes: 0, disposed: false };

  // Both classes live in here, so that their private fields tell this backend's objects from any other's.
  class TensorHandle implements Tensor {
    readonly type: TensorType;
    /** The tensor that owns the memory: itself, unless this is a view. */
    readonly root: TensorHandle;
    /** First byte in the memory of the root. */
    readonly start: number;
    readonly #buffer: Buffer;
    #disposed = false;

    constructor(type: TensorType, buffer: Buffer, base?: TensorHandle, byteOffset = 0) {
      this.type = Object.freeze({ dtype: type.dtype, shape: Object.freeze([...type.shape]) });
      this.#buffer = buffer;
      this.root = base?.root ?? this;
      this.start = (base?.start ?? 0) + byteOffset;
      if (base === undefined) {
        live.tensors.add(this);
        live.bytes += typeBytes(type);
      }
    }

    static from(tensor: Tensor, role: string): TensorHandle {
      if (!(#buffer in tensor))
        throw new OperandError(name, role, `a tensor of this backend`, "a tensor of another backend");
      if (tensor.disposed) throw new DisposedError(`${role} (${describeType(tensor.type)})`);
      return tensor;
    }

    overlaps(other: TensorHandle): boolean {
      return (
        this.root === other.root &&
        this.start < other.start + typeBytes(other.type) &&
        other.start < this.start + typeBytes(this.type)
      );
    }

    get buffer(): Buffer {
      return this.#buffer;
    }

    get disposed(): boolean {
      return this.#disposed || (this.root !== this && this.root.disposed);
    }

    dispose(): void {
      if (this.#disposed) return;
      this.#disposed = true;
      if (this.root !== this) return;
      live.tensors.delete(this);
      live.bytes -= typeBytes(this.type);
      device.free(this.#buffer);
    }

    [Symbol.dispose](): void {
      this.dispose();
    }
  }

  class KernelHandle<O extends OpName> implements Kernel<O> {
    readonly spec: KernelSpec<O>;
    readonly outputs: readonly TensorType[];
    readonly arithmetic: Arithmetic;
    readonly #prepared: Prepared<Buffer>;
    #disposed = false;

    constructor(spec: KernelSpec<O>, arithmetic: Arithmetic, prepared: Prepared<Buffer>) {
      this.spec = spec;
      this.outputs = definitionOf(spec).outputs(spec);
      this.arithmetic = arithmetic;
      this.#prepared = prepared;
      live.kernels.add(this);
      live.bytes += prepared.bytes;
    }

    static from(kernel: Kernel): KernelHandle<OpName> {
      if (!(#prepared in kernel))
        throw new OperandError(name, "kernel", "a kernel of this backend", "a kernel of another backend");
      if (kernel.disposed) throw new DisposedError(`kernel ${kernel.spec.op}`);
      return kernel;
    }

    get bytes(): number {
      return this.#prepared.bytes;
    }

    get disposed(): boolean {
      return this.#disposed;
    }

    run(inputs: readonly Buffer[], outputs: readonly Buffer[]): void {
      this.#prepared.run(inputs, outputs);
    }

    dispose(): void {
      if (this.#disposed) return;
      this.#disposed = true;
      live.kernels.delete(this);
      live.bytes -= this.#prepared.bytes;
      this.#prepared.dispose?.();
    }

    [Symbol.dispose](): void {
      this.dispose();
    }
  }

  const capabilities: readonly Capability[] = Object.freeze(
    opNames.flatMap((op) => (kernels[op]?.rows ?? []).map((row) => ({ op, ...row }))),
  );

  function assertOpen(): void {
    if (live.disposed) throw new DisposedError(`backend ${name}`);
  }

  function supports<O extends OpName>(spec: KernelSpec<O>): Support {
    checkSpec(spec);
    const operands = definitionOf(spec).operands(spec);
    const row = findCapability(capabilities, spec.op, operands);
    if (row === undefined) {
      const reason =
        kernels[spec.op] === undefined
          ? "it has no kernel for this op"
          : `no kernel for ${describeOperands(operands)}`;
      return { supported: false, reason };
    }
    const reason = kernels[spec.op]?.refuse?.(spec);
    return reason === undefined
      ? { supported: true, arithmetic: row.arithmetic }
      : { supported: false, reason };
  }

  /** Checks count, ownership, types and aliasing; returns what the kernel reads and writes. */
  function bind(kernel: Kernel, inputs: readonly Tensor[], outputs: readonly Tensor[]) {
    assertOpen();
    const handle = KernelHandle.from(kernel);
    const from = operands(handle.spec.op, "inputs", inputs, handle.spec.inputs);
    const to = operands(handle.spec.op, "outputs", outputs, handle.outputs);
    for (const [i, output] of to.entries())
      if (
        from.some((tensor) => tensor.overlaps(output)) ||
        to.some((tensor, k) => k < i && tensor.overlaps(output))
      )
        throw new OperandError(
          handle.spec.op,
          `outputs[${i}]`,
          "memory that no input and no other output uses",
          `shared (${describeType(output.type)})`,
        );
    return { handle, from: from.map((tensor) => tensor.buffer), to: to.map((tensor) => tensor.buffer) };
  }

  function operands(op: OpName, role: string, tensors: readonly Tensor[], types: readonly TensorType[]) {
    if (tensors.length !== types.length)
      throw new OperandError(op, role, `${types.length} tensors`, `${tensors.length}`);
    return tensors.map((tensor, i) => {
      const handle = TensorHandle.from(tensor, `${role}[${i}]`);
      const expected = types[i];
      if (expected === undefined || !sameType(handle.type, expected))
        throw new OperandError(
          op,
          `${role}[${i}]`,
          expected === undefined ? "absent" : describeType(expected),
          describeType(handle.type),
        );
      return handle;
    });
  }

  const backend: Backend = {
    name,
    device: device.info,
    capabilities,
    supports: (spec: AnySpec) => supports(spec),

    create(type, data) {
      assertOpen();
      checkStorage(name, "data", type, data);
      const tensor = new TensorHandle(type, device.allocate(type));
      if (data !== undefined) device.write(tensor.buffer, tensor.type, data);
      return tensor;
    },

    view(tensor, type, byteOffset = 0) {
      assertOpen();
      const handle = TensorHandle.from(tensor, "tensor");
      const available = typeBytes(handle.type) - byteOffset;
      if (!(byteOffset >= 0 && byteOffset % VIEW_ALIGNMENT === 0))
        throw new OperandError(name, "byteOffset", `a multiple of ${VIEW_ALIGNMENT}`, `${byteOffset}`);
      if (typeBytes(type) > available)
        throw new OperandError(name, "type", `at most ${available} bytes`, `${typeBytes(type)}`);
      return new TensorHandle(type, device.view(handle.buffer, type, byteOffset), handle, byteOffset);
    },

    async prepare<O extends OpName>(spec: KernelSpec<O>, weights: Weights<O> = {}) {
      assertOpen();
      const support = supports(spec);
      if (!support.supported) throw new UnsupportedError(name, spec.op, support.reason);
      const frozen = freezeSpec(spec);
      checkWeights(frozen, weights);
      const file: KernelTable<Context, Buffer>[O] = kernels[frozen.op];
      if (file === undefined) throw new UnsupportedError(name, spec.op, "it has no kernel for this op");
      const prepared = await file.prepare(context, frozen, weights);
      if (live.disposed) {
        prepared.dispose?.();
        assertOpen();
      }
      return new KernelHandle(frozen, support.arithmetic, prepared);
    },

    dispatch(kernel, inputs, outputs) {
      const { handle, from, to } = bind(kernel, inputs, outputs);
      handle.run(from, to);
    },

    write(tensor, data) {
      assertOpen();
      const handle = TensorHandle.from(tensor, "tensor");
      checkStorage(name, "data", handle.type, data);
      device.write(handle.buffer, handle.type, data);
    },

    async read(tensor) {
      assertOpen();
      const handle = TensorHandle.from(tensor, "tensor");
      return { ...handle.type, data: await device.read(handle.buffer, handle.type) };
    },

    async time(kernel, inputs, outputs, plan) {
      const { handle, from, to } = bind(kernel, inputs, outputs);
      return takeSamples(
        device.stopwatch(() => handle.run(from, to)),
        plan,
      );
    },

    get bytes() {
      return live.bytes;
    },

    async dispose() {
      if (live.disposed) return;
      for (const kernel of [...live.kernels]) kernel.dispose();
      for (const tensor of [...live.tensors]) tensor.dispose();
      live.disposed = true;
      await device.close();
    },

    [Symbol.asyncDispose]() {
      return backend.dispose();
    },
  };
  return backend;
}
