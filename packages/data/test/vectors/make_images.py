"""Writes images.json: image files and what Pillow (12.3) makes of them. Run: python make_images.py

Resized images are checked bit by bit; files that are not lossless within a step or two."""
import base64, io, json, struct
import numpy as np
from PIL import Image

def b64(data): return base64.b64encode(bytes(data)).decode()

def pixels(width, height, channels):
    """As in images.test.ts: xorshift32, the top byte, over a smooth ramp so that filters matter."""
    state, out = 12345, []
    for i in range(width * height * channels):
        state ^= (state << 13) & 0xFFFFFFFF; state ^= state >> 17; state ^= (state << 5) & 0xFFFFFFFF
        out.append(state >> 24)
    return np.array(out, np.uint8).reshape(height, width, channels)

FILTERS = {"nearest": Image.NEAREST, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}
resized = []
for (w, h, c), (tw, th) in [((13, 9, 3), (7, 5)), ((13, 9, 3), (29, 17)), ((13, 9, 1), (4, 20)), ((31, 2, 3), (3, 2)),
                            ((5, 7, 3), (5, 3)), ((1, 1, 3), (4, 3)), ((40, 30, 3), (1, 1)), ((64, 48, 3), (21, 16))]:
    source = pixels(w, h, c)
    image = Image.fromarray(source if c == 3 else source[:, :, 0])
    for name, f in FILTERS.items():
        out = np.asarray(image.resize((tw, th), f))
        resized.append({"from": [w, h, c], "to": [tw, th], "filter": name, "data": b64(out.tobytes())})

gray = np.asarray(Image.fromarray(pixels(16, 16, 3)).convert("L"))

def file(image, format, **options):
    buffer = io.BytesIO(); image.save(buffer, format, **options); return buffer.getvalue()

def smooth(width, height):
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 // (width - 1), y * 255 // (height - 1), (x + y) * 255 // (width + height - 2)], 2).astype(np.uint8)

random = Image.fromarray(pixels(12, 10, 3))
ramp = Image.fromarray(smooth(24, 16))
exif = Image.Exif(); exif[0x0112] = 6
rgba = np.dstack([pixels(12, 10, 3), np.full((10, 12), 255, np.uint8)])
files = []
def add(name, data, expected, tolerance):
    expected = np.asarray(expected.convert("RGB"))
    files.append({"name": name, "file": b64(data), "width": expected.shape[1], "height": expected.shape[0],
                  "data": b64(expected.tobytes()), "tolerance": tolerance})
add("rgb.png", file(random, "PNG"), random, 0)
add("gray.png", file(random.convert("L"), "PNG"), random.convert("L"), 0)
add("palette.png", file(random.quantize(16), "PNG"), random.quantize(16), 0)
add("rgba.png", file(Image.fromarray(rgba), "PNG"), random, 0)
add("lossless.webp", file(random, "WEBP", lossless=True), random, 0)
add("frames.gif", file(random.quantize(16), "GIF", save_all=True, append_images=[ramp.resize((12, 10)).quantize(16)]), random.quantize(16), 0)
jpeg = file(ramp, "JPEG", quality=95, subsampling=0)
add("ramp.jpg", jpeg, Image.open(io.BytesIO(jpeg)), 2)
turned = file(ramp, "JPEG", quality=95, subsampling=0, exif=exif)
from PIL import ImageOps
add("turned.jpg", turned, ImageOps.exif_transpose(Image.open(io.BytesIO(turned))), 2)
lossy = file(ramp, "WEBP", quality=95)
add("lossy.webp", lossy, Image.open(io.BytesIO(lossy)), 6)
mono = file(ramp.convert("L"), "JPEG", quality=95)
add("gray.jpg", mono, Image.open(io.BytesIO(mono)), 2)

# As torchvision's Resize(10), CenterCrop(8), of an image that is 21 x 14: the longer side becomes int(10 * 21 / 14) = 15.
chain = Image.fromarray(pixels(21, 14, 3)).resize((15, 10), Image.BILINEAR)
left, top = int(round((15 - 8) / 2.0)), int(round((10 - 8) / 2.0))
chain = np.asarray(chain.crop((left, top, left + 8, top + 8))).astype(np.float64) / 255
chain = ((chain - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]).transpose(2, 0, 1).astype(np.float32)

with open("images.json", "w") as f:
    json.dump({"resized": resized, "gray": b64(gray.tobytes()), "files": files, "chain": b64(chain.tobytes())}, f, indent=1)
    f.write("\n")
