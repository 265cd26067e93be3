import { defineConfig } from "vite";

/**
 * Builds the console's styles, scripts and icons into the Python package, named by content hash and listed in manifest.json.
 *
 * `--mode sample` builds sample.html instead: one page that shows every component, for looking at.
 */
export default defineConfig(({ mode }) => {
  const sample = mode === "sample";
  return {
    base: "./",
    publicDir: false,
    build: {
      outDir: sample ? "../../artifacts/console-sample" : "../../server/console/static/built",
      emptyOutDir: true,
      manifest: sample ? false : "manifest.json",
      // A data: address would need a hole in the content security policy.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target: "baseline-widely-available",
      rolldownOptions: {
        // htmx carries an eval that allowEval: false (partials.ts) and the content security policy keep from ever running.
        checks: { eval: false },
        input: sample ? "sample.html" : "src/console.ts",
      },
    },
  };
});
