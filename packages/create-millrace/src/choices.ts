import { parseArgs } from "node:util";

/** What a new project can be made of; the first of each is what nobody has to choose. */
export const TESTS = ["vitest", "node"] as const;
export const SOURCES = ["sockets", "files"] as const;

type TestRunner = (typeof TESTS)[number];
type JobSource = (typeof SOURCES)[number];

export interface Choices {
  readonly folder: string;
  readonly test: TestRunner;
  readonly source: JobSource;
}

/** A command line; what it leaves open is asked for, or taken as {@link DEFAULTS} has it. */
export interface Flags {
  readonly chosen: Partial<Choices>;
  readonly ask: boolean;
  readonly install: boolean;
  readonly show: "help" | "version" | undefined;
}

/** Something that the user has to change, as a sentence with the remedy. */
export interface Refusal {
  readonly refusal: string;
}

export const DEFAULTS: Choices = { folder: "my-job", test: "vitest", source: "sockets" };

export const HELP: string = `Usage: npm create millrace [FOLDER] [-- OPTIONS]

Makes a project with a stream job, its test, and a cluster for docker compose.

  --source sockets|files   what the job reads (default: ${DEFAULTS.source})
  --test vitest|node       what runs its test: vitest or node:test (default: ${DEFAULTS.test})
  --yes                    ask nothing
  --no-install             leave the packages to you
  --version, --help

What is not given is asked for, unless this runs in a pipe. FOLDER is made if it is not there (default: ${DEFAULTS.folder}).
`;

export function parseFlags(args: readonly string[]): Flags | Refusal {
  const parsed = parse(args);
  if ("refusal" in parsed) return parsed;
  const { values, positionals } = parsed;
  const [folder, ...more] = positionals;
  if (more.length > 0) {
    return refuse(
      `One folder is made, and ${positionals.length} are named: ${positionals.join(", ")}. Quote a name that has spaces.`,
    );
  }
  // `npm create millrace -- -- --yes` passes on the second `--` too, after which nothing is an option.
  if (folder?.startsWith("-") === true) {
    return refuse(
      `${JSON.stringify(folder)} is given as a folder, because it follows a "--". Leave that out if it is an option; a folder of that name is ./${folder}.`,
    );
  }
  const test = oneOf("--test", TESTS, values.test);
  const source = oneOf("--source", SOURCES, values.source);
  if (typeof test === "object") return test;
  if (typeof source === "object") return source;
  return {
    chosen: {
      ...(folder === undefined ? {} : { folder }),
      ...(test === undefined ? {} : { test }),
      ...(source === undefined ? {} : { source }),
    },
    ask: values.yes !== true,
    install: values["no-install"] !== true,
    show: values.help ? "help" : values.version ? "version" : undefined,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        test: { type: "string" },
        source: { type: "string" },
        yes: { type: "boolean", short: "y" },
        "no-install": { type: "boolean" },
        help: { type: "boolean", short: "h" },
        version: { type: "boolean" },
      },
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message.split(". ")[0] : String(error);
    return refuse(`${reason}. --help lists what there is.`);
  }
}

function oneOf<T extends string>(
  flag: string,
  known: readonly T[],
  given: string | undefined,
): T | undefined | Refusal {
  if (given === undefined) return undefined;
  const found = known.find((one) => one === given);
  return found ?? refuse(`${flag} ${JSON.stringify(given)} is not one of: ${known.join(", ")}. Give one of them.`);
}

export function refuse(refusal: string): Refusal {
  return { refusal };
}
