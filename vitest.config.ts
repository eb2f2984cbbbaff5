import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Sources, not builds, so that a test sees what is written; tests of real processes run what is built. */
const resolveSources = { conditions: ["millrace-source"] };

const FAULTS = "packages/conformance/src/faults/**/*.proc.test.ts";

/** Tests of real processes that take longest, the longest first: none of them is to run alone at the end. */
const LONGEST = [
  "kills",
  "lost-executors",
  "asleep-executors",
  "full-disks",
  "mounted-disks",
  "disks",
  "damage",
  "isolation",
  "faults",
  "conformance",
  "ends",
  "job-faults",
  "stopping",
  "console",
  "memory",
  "bad-jobs",
  "bad-input",
  "examples",
  "random-graphs",
  "testing-page",
  "installed",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.proc.test.ts`));
      return at === -1 ? LONGEST.length : at;
    };
    const sorted = await super.sort(files); // by project first, which no file with a rank leaves
    const group = ({ project }: TestSpecification): number => project.config.sequence.groupOrder;
    return sorted.sort((a, b) => group(a) - group(b) || rank(a) - rank(b));
  }
}

export default defineConfig({
  resolve: resolveSources,
  ssr: { resolve: resolveSources },
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: "fast",
          // A worker keeps what it has loaded for the next file: half the time goes into loading otherwise.
          isolate: false,
          include: ["packages/*/src/**/*.test.ts", "packages/connectors/*/src/**/*.test.ts", "scripts/**/*.test.ts"],
          exclude: ["**/*.proc.test.ts", "**/*.server.test.ts", "**/node_modules/**"],
        },
      },
      {
        extends: true,
        test: {
          // The same tests of state, with the published state outside memory.
          name: "stored",
          isolate: false,
          sequence: { groupOrder: 1 }, // not beside the others, whose limits are for cores of their own
          env: { MILLRACE_TEST_STATE_STORE: "lmdb" },
          include: ["packages/runtime/src/state/**/*.test.ts"],
          testTimeout: 60_000, // files on disk, which are waited for
        },
      },
      {
        extends: true,
        test: {
          name: "processes",
          isolate: false, // as above: most of these files load the same clients and fixtures
          sequence: { groupOrder: 2 },
          include: ["packages/*/src/**/*.proc.test.ts"],
          exclude: [FAULTS, "**/node_modules/**"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // A worker waits for processes most of the time: one more than the two cores that this is measured on.
          maxWorkers: 3,
        },
      },
      {
        extends: true,
        test: {
          // Jobs that are killed over and over, and then catch up: a machine that is too busy has them ever more to catch up with.
          name: "faults",
          isolate: false,
          sequence: { groupOrder: 3 },
          include: [FAULTS],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          name: "servers",
          isolate: false,
          sequence: { groupOrder: 4 },
          include: ["packages/{conformance,connectors/*,examples}/src/**/*.server.test.ts"],
          exclude: ["packages/connectors/kafka/**", "**/node_modules/**"],
          testTimeout: 60_000,
          hookTimeout: 120_000, // a server that is started in a test
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          name: "servers-kafka",
          isolate: false,
          sequence: { groupOrder: 5 },
          globalSetup: "scripts/servers/kafka-for-tests.mjs", // all files share a broker: one takes ten seconds to start
          include: ["packages/connectors/kafka/src/**/*.server.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
