import { defineConfig } from "vitest/config";

/** Sources, not builds, so that a test sees what is written; tests of real processes run what is built. */
const resolveSources = { conditions: ["millrace-source"] };

export default defineConfig({
  resolve: resolveSources,
  ssr: { resolve: resolveSources },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "fast",
          include: ["packages/*/src/**/*.test.ts", "scripts/**/*.test.ts"],
          exclude: ["**/*.proc.test.ts", "**/node_modules/**"],
        },
      },
      {
        extends: true,
        test: {
          name: "processes",
          sequence: { groupOrder: 1 },
          include: ["packages/*/src/**/*.proc.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
