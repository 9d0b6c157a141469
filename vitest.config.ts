// Two projects: every `*.test.ts` runs in Node and in Chromium, `*.node.test.ts` (files, processes) in Node alone.
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { chromiumArgs, chromiumPath } from "./scripts/chromium.mjs";

const tests = ["packages/*/test/**/*.test.ts", "apps/*/test/**/*.test.ts", "examples/test/**/*.test.ts"];
// A busy machine is no failure: this is for tests that hang.
const testTimeout = 60_000;
const nodeOnly = ["**/*.node.test.ts"];

export default defineConfig({
  test: {
    projects: [
      { test: { name: "node", include: tests, environment: "node", testTimeout } },
      {
        server: {
          headers: {
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Embedder-Policy": "require-corp",
          },
        },
        test: {
          name: "chromium",
          testTimeout,
          include: tests,
          exclude: [...nodeOnly, "**/node_modules/**"],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: { executablePath: chromiumPath(), args: chromiumArgs } }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
