/** The generated models: architectures that people deploy, each in the formats that they deploy it in. */
import type { ModelProto } from "@bitbudget/onnx";
import { decoderLayer, decoders } from "./decoder.ts";
import { efficientnetLite0, mobilenetV2, mobilenetV3 } from "./mobilenet.ts";
import type { Recipe } from "./quantize.ts";
import { resnet18 } from "./resnet.ts";
import { squeezenet } from "./squeezenet.ts";
import { bertBase, whisperTinyEncoder } from "./transformer.ts";

export type GeneratedScheme = "float32" | "8-bit QDQ" | "4-bit MatMulNBits";

export interface Architecture {
  readonly name: string;
  readonly make: () => ModelProto;
  readonly recipe: Recipe;
  readonly schemes: readonly GeneratedScheme[];
}

const image = { recipe: "image", schemes: ["float32", "8-bit QDQ"] } as const;
const language = { recipe: "transformer", schemes: ["float32", "8-bit QDQ", "4-bit MatMulNBits"] } as const;

function decoder(size: keyof typeof decoders, tokens: number, past: number): Architecture {
  return {
    ...language,
    name: `decoder layer ${size}, M = ${tokens}`,
    make: () => decoderLayer({ ...decoders[size], tokens, past }),
  };
}

export const architectures: readonly Architecture[] = [
  { ...image, name: "SqueezeNet 1.1", make: squeezenet },
  { ...image, name: "ResNet-18", make: resnet18 },
  { ...image, name: "MobileNetV2", make: mobilenetV2 },
  { ...image, name: "MobileNetV3-small", make: mobilenetV3 },
  { ...image, name: "EfficientNet-lite0", make: efficientnetLite0 },
  { ...language, name: "BERT-base, 128 tokens", make: bertBase },
  { ...language, schemes: ["float32", "8-bit QDQ"], name: "Whisper-tiny encoder", make: whisperTinyEncoder },
  decoder("0.5B", 1, 256),
  decoder("0.5B", 128, 0),
  decoder("1B", 1, 256),
  decoder("1B", 128, 0),
];
