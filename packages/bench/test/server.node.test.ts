/** What a page gets: isolated, with names of packages as paths, and nothing from outside of the repository. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { pathOf, type StaticServer, serve } from "../src/node/server.ts";

let server: StaticServer;
beforeAll(async () => {
  server = await serve(async (path) => (path === "/" ? "<title>page</title>" : undefined));
});
afterAll(() => server.close());

test("the page is isolated, so that memory can be shared", async () => {
  const response = await fetch(server.url);
  expect(await response.text()).toBe("<title>page</title>");
  expect(response.headers.get("content-type")).toContain("text/html");
  expect(response.headers.get("cross-origin-opener-policy")).toBe("same-origin");
  expect(response.headers.get("cross-origin-embedder-policy")).toBe("require-corp");
});

test("modules import by path", async () => {
  const response = await fetch(`${server.url}/packages/backend/dist/index.js`);
  expect(response.headers.get("content-type")).toBe("text/javascript");
  const inner = await (await fetch(`${server.url}/packages/backend-js/dist/index.js`)).text();
  expect(inner).toContain('from "/packages/backend/dist/index.js"');
  expect(inner).not.toMatch(/from "@/);
});

test.each([
  "@bitbudget/core",
  "@bufbuild/protobuf",
  "@bufbuild/protobuf/codegenv2",
  "tinybench",
  "onnxruntime-web/wasm",
])("%s is served as a module", async (name) => {
  const response = await fetch(`${server.url}${pathOf(name)}`);
  expect(response.status).toBe(200);
  expect(await response.text()).toMatch(/\b(import|export)\b/);
});

test("a name that no package has is left as it is", () => {
  expect(pathOf("no-such-package")).toBeUndefined();
});

test.each(["/no/such/file.js", "/../../etc/passwd", "/..%2f..%2fetc%2fpasswd"])(
  "%s is not there",
  async (path) => {
    expect((await fetch(`${server.url}${path}`)).status).toBe(404);
  },
);
