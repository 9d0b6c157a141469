/**
 * What this machine could do at best: how fast one thread's registers multiply and add, and how fast it reads memory.
 * The loops are as small as loops get, written down as WebAssembly bytes, so that no compiler can make less of them.
 */
import { median } from "./statistics.ts";

export interface Limits {
  /** f32x4.relaxed_madd on twelve sums in registers, in 10^9 multiply-adds per second. */
  readonly maddGmacs: number;
  /** i32x4.relaxed_dot_i8x16_i7x16_add_s on twelve sums in registers, in 10^9 multiply-adds per second. */
  readonly dotGmacs: number;
  /** Bytes read in order, in 10^9 per second: of 4 MB and of 64 MB. */
  readonly readSmallGBs: number;
  readonly readLargeGBs: number;
}

const MEGABYTE = 1 << 20;
const SUMS = 12;
const LANES = { madd: 4, dot: 16 } as const;
const SAMPLES = 15;
const WARM_UP_MS = 50;

/** Needs relaxed SIMD, as the kernels do at their best. */
export async function measureLimits(): Promise<Limits> {
  const { instance } = await WebAssembly.instantiate(limitsModule());
  const { memory, madd, dot, read } = instance.exports as { readonly [name: string]: unknown } & Exports;
  // Memory that was never written is one page of zeros, over and over.
  new Uint8Array(memory.buffer).fill(1);
  const steps = 200_000;
  const gmacs = (lanes: number, run: (n: number) => void) =>
    (steps * SUMS * lanes) / secondsOf(() => run(steps)) / 1e9;
  const bandwidth = (bytes: number, times: number) =>
    (bytes * times) /
    secondsOf(() => {
      for (let i = 0; i < times; i++) read(FIRST, bytes);
    }) /
    1e9;
  return {
    maddGmacs: gmacs(LANES.madd, madd),
    dotGmacs: gmacs(LANES.dot, dot),
    readSmallGBs: bandwidth(4 * MEGABYTE, 16),
    readLargeGBs: bandwidth(64 * MEGABYTE, 1),
  };
}

interface Exports {
  readonly memory: WebAssembly.Memory;
  madd(times: number): void;
  dot(times: number): void;
  read(address: number, bytes: number): void;
}

function secondsOf(run: () => void): number {
  // Engines optimize a loop on another thread, while it runs; a busy machine takes its time.
  const warm = performance.now() + WARM_UP_MS;
  while (performance.now() < warm) run();
  const samples = Array.from({ length: SAMPLES }, () => {
    const start = performance.now();
    run();
    return (performance.now() - start) / 1000;
  });
  return median(samples);
}

/** Where reading starts: what lies before is for operands and results. */
const FIRST = 4096;
const PAGES = (64 * MEGABYTE) / 65536 + 1;

/** Opcodes, as in the WebAssembly core specification, section 5.4. */
const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const tee = (local: number) => [0x22, local];
const i32 = (value: number) => [0x41, ...signed(value)];
const load = (offset: number) => [0xfd, 0, 4, ...unsigned(offset)];
const store = (offset: number) => [0xfd, 11, 4, ...unsigned(offset)];
const simd = (code: number) => [0xfd, ...unsigned(code)];
const ADD = 0x6a;
const SUBTRACT = 0x6b;
const LOOP = [0x03, 0x40];
const BRANCH_IF = [0x0d, 0];
const END = 0x0b;
const I32X4_ADD = simd(0xae);
const RELAXED_MADD = simd(0x105);
const RELAXED_DOT_ADD = simd(0x113);

/** A module with the three loops; its memory has all the bytes that they read. */
function limitsModule(): Uint8Array<ArrayBuffer> {
  const functions = [multiplyLoop(RELAXED_MADD), multiplyLoop(RELAXED_DOT_ADD), readLoop()];
  const text = (name: string) => [name.length, ...Array.from(name, (c) => c.charCodeAt(0))];
  const sections: [number, number[]][] = [
    [1, [2, 0x60, 1, 0x7f, 0, 0x60, 2, 0x7f, 0x7f, 0]],
    [3, [3, 0, 0, 1]],
    [5, [1, 0, ...unsigned(PAGES)]],
    [7, [4, ...text("memory"), 2, 0, ...text("madd"), 0, 0, ...text("dot"), 0, 1, ...text("read"), 0, 2]],
    [10, [functions.length, ...functions.flatMap((body) => [...unsigned(body.length), ...body])]],
  ];
  return Uint8Array.from([
    ...[0, 97, 115, 109, 1, 0, 0, 0],
    ...sections.flatMap(([id, content]) => [id, ...unsigned(content.length), ...content]),
  ]);
}

/** (times) => sums += x * y, `times` times over all sums. Parameter 0, sums 1 to 12, x and y. */
function multiplyLoop(multiply: readonly number[]): number[] {
  const sums = Array.from({ length: SUMS }, (_, i) => i + 1);
  const [x, y] = [SUMS + 1, SUMS + 2];
  return [
    ...[1, SUMS + 2, 0x7b],
    ...[...sums, x, y].flatMap((local) => [...i32(0), ...load(16 * local), ...set(local)]),
    ...LOOP,
    ...sums.flatMap((sum) => [...get(x), ...get(y), ...get(sum), ...multiply, ...set(sum)]),
    ...[...get(0), ...i32(1), SUBTRACT, ...tee(0), ...BRANCH_IF, END],
    ...sums.flatMap((sum) => [...i32(0), ...get(sum), ...store(1024 + 16 * sum)]),
    END,
  ];
}

/** (address, bytes) => adds up all vectors, four sums in turn. Locals 2 to 5. */
function readLoop(): number[] {
  const sums = [2, 3, 4, 5];
  return [
    ...[1, sums.length, 0x7b],
    ...LOOP,
    ...sums.flatMap((sum, i) => [...get(sum), ...get(0), ...load(16 * i), ...I32X4_ADD, ...set(sum)]),
    ...[...get(0), ...i32(64), ADD, ...set(0)],
    ...[...get(1), ...i32(64), SUBTRACT, ...tee(1), ...BRANCH_IF, END],
    ...sums.flatMap((sum, i) => [...i32(0), ...get(sum), ...store(2048 + 16 * i)]),
    END,
  ];
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  return value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)];
}
