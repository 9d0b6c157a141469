/** The linear memory as a device: addresses for memory, the order of calls for order, performance.now() for time. */
import type { Device } from "@bitbudget/backend";
import { allocateStorage, elementCount, type Storage, storageBytes, type TensorType } from "@bitbudget/core";
import type { Address } from "./kernel.ts";
import type { LinearMemory } from "./memory/linear-memory.ts";

export function wasmDevice(
  memory: LinearMemory,
  info: Device<Address>["info"],
  close: () => void,
): Device<Address> {
  return {
    info,
    allocate(type) {
      const bytes = typeBytes(type);
      const address = memory.allocate(bytes);
      memory.bytes(address, bytes).fill(0);
      return address;
    },
    view: (address, _type, byteOffset) => address + byteOffset,
    write(address, _type, data) {
      memory.bytes(address, data.byteLength).set(bytesOf(data));
    },
    read(address, type) {
      const copy = allocateStorage(type.dtype, elementCount(type.shape));
      bytesOf(copy).set(memory.bytes(address, copy.byteLength));
      return copy;
    },
    free: (address) => memory.free(address),
    stopwatch: (run) => ({
      clock: "performance.now",
      now: () => performance.now(),
      run: (times) => {
        for (let i = 0; i < times; i++) run();
      },
    }),
    close,
  };
}

function typeBytes({ dtype, shape }: TensorType): number {
  return storageBytes(dtype, shape);
}

function bytesOf({ buffer, byteOffset, byteLength }: Storage): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
