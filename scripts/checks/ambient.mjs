// Time and chance come from `Clock` and `Rng` of base, so that tests and simulations rule them.

/** Where the real ones are wrapped, each with its reason. */
const ADAPTERS = new Map([
  ["packages/base/src/clock.ts", "wraps the machine's clock"],
  ["packages/base/src/rng.ts", "wraps the machine's randomness"],
]);

/** Programs, not parts of the engine: a user's job, and measurements. */
const PROGRAMS = ["packages/examples/", "packages/bench/"];

/**
 * @param {import("./workspace.mjs").Workspace} workspace
 * @returns {readonly import("./deps.mjs").Problem[]}
 */
export function findAmbient(workspace) {
  return workspace.packages.flatMap((one) =>
    one.sources
      .map((source) => ({ file: `${one.folder}/${source.path}`, source }))
      .filter(
        ({ file, source }) =>
          !ADAPTERS.has(file) &&
          !source.path.startsWith("bench/") &&
          !source.path.endsWith(".server.test.ts") && // real servers go by the machine's clock
          !PROGRAMS.some((folder) => file.startsWith(folder)),
      )
      .flatMap(({ file, source }) =>
        source.ambient.map(({ name, line }) => ({
          where: `${file}:${line}`,
          what: `${name} outside an adapter`,
          fix: "take a `Clock` or an `Rng` from @millrace/base; a test waits for an event or moves a ManualClock",
        })),
      ),
  );
}
