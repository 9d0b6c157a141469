/** Rivals as a reader of charts knows them: a color for each, whatever operator they ran. */

export interface Family {
  readonly key: string;
  readonly title: string;
  readonly belongs: (rival: string) => boolean;
}

export const families: readonly Family[] = [
  {
    key: "web-float",
    title: "onnxruntime-web in float32",
    belongs: (name) => name.startsWith("ort-web float32"),
  },
  { key: "web", title: "onnxruntime-web", belongs: (name) => name.startsWith("ort-web") },
  { key: "tfjs", title: "TensorFlow.js", belongs: (name) => name.startsWith("tfjs") },
  { key: "native", title: "onnxruntime-node (native code)", belongs: (name) => name.startsWith("ort-node") },
  { key: "own", title: "another backend of ours", belongs: () => true },
];

export function familyOf(rival: string): Family {
  return families.find(({ belongs }) => belongs(rival)) ?? families.at(-1)!;
}

/** Whether a rival does the same in a browser: those are the ones to beat. */
export function isPeer(rival: string): boolean {
  return ["web", "tfjs"].includes(familyOf(rival).key);
}
