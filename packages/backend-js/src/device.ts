/** The host as a device: typed arrays for memory, the order of calls for order, performance.now() for time. */
import type { Device } from "@bitbudget/backend";
import { allocateStorage, elementCount, type Storage, storageLength, type TensorType } from "@bitbudget/core";

export function hostDevice(): Device<Storage> {
  return {
    info: { key: `js/${engine()}`, description: `JavaScript in ${engine()}` },
    allocate: ({ dtype, shape }) => allocateStorage(dtype, elementCount(shape)),
    view,
    write: (buffer, _type, data) => bytesOf(buffer).set(bytesOf(data)),
    read: (buffer, { dtype, shape }) => {
      const copy = allocateStorage(dtype, elementCount(shape));
      bytesOf(copy).set(bytesOf(buffer));
      return copy;
    },
    // The garbage collector frees it: the handle that held the array is gone.
    free: () => {},
    stopwatch: (run) => ({
      clock: "performance.now",
      now: () => performance.now(),
      run: (times) => {
        for (let i = 0; i < times; i++) run();
      },
    }),
    close: () => {},
  };
}

type View = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => Storage;

/** A part of the same memory as the array that holds codes of another format. */
function view(of: Storage, { dtype, shape }: TensorType, byteOffset: number): Storage {
  const View = allocateStorage(dtype, 0).constructor as View;
  return new View(of.buffer, of.byteOffset + byteOffset, storageLength(dtype, elementCount(shape)));
}

function bytesOf({ buffer, byteOffset, byteLength }: Storage): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Name and major version of the engine: timings of different engines do not compare. */
function engine(): string {
  const { navigator, process }: { readonly navigator?: Navigator; readonly process?: NodeProcess } =
    globalThis;
  // Node has a navigator only since version 21.
  if (process?.versions?.node !== undefined) return `Node.js/${process.versions.node.split(".")[0]}`;
  return navigator?.userAgent.match(/(Chrome|Firefox|Version)\/\d+/)?.[0] ?? "unknown engine";
}

/** The part of Node's `process` that is looked at; in browsers there is none. */
interface NodeProcess {
  readonly versions?: { readonly node?: string };
}
