// Finds the Chromium that the browser tests drive. Playwright's own download is not used: the system's is.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const candidates = [
  process.env.CHROMIUM_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** Path of an installed Chromium, or "" where there is none. */
export function chromiumPath() {
  return candidates.find((path) => path !== undefined && existsSync(path)) ?? "";
}

/** Flags for headless runs, as root too, that reach nothing but the test server; WebGPU on the software adapter. */
export const chromiumArgs = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
];

/** Installs Debian's Chromium where that is possible; elsewhere says how to get one. */
export function installChromium() {
  const isRoot = process.getuid?.() === 0;
  if (!existsSync("/usr/bin/apt-get") || !isRoot) {
    console.error(
      "The browser tests need Chromium. Install it (Debian, Ubuntu: sudo apt-get install chromium) " +
        "or set CHROMIUM_PATH to the path of a Chrome or Chromium.",
    );
    return false;
  }
  const options = {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  };
  console.log("Installing Chromium with apt-get ...");
  spawnSync("apt-get", ["update"], options);
  spawnSync("apt-get", ["install", "--yes", "--no-install-recommends", "chromium"], options);
  return chromiumPath() !== "";
}
