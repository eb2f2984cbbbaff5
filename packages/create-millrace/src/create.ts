import { relative, resolve } from "node:path";
import { type Choices, DEFAULTS, HELP, parseFlags, type Refusal, refuse, SOURCES, TESTS } from "./choices.ts";
import { packageManagerOf } from "./package-manager.ts";
import { readLayer, refusalOf, writeProject } from "./project-folder.ts";
import { projectName } from "./project-name.ts";
import { render } from "./template.ts";

/** What making a project may use of the process it runs in. */
export interface CreateTerminal {
  /** Of this package, and of the `millrace` that projects depend on. */
  readonly version: string;
  /** `undefined`: the folder that it was started in is gone. */
  readonly cwd: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Somebody is there who can answer. */
  readonly interactive: boolean;
  out(text: string): void;
  err(text: string): void;
  /** The answer, or `undefined` when there will be none: Ctrl-C, or the end of the input. */
  ask(question: string): Promise<string | undefined>;
  /** Runs a command in a folder; the result says whether it went well. */
  run(command: string, args: readonly string[], folder: string): Promise<boolean>;
}

const FOLDER_GONE = refuse(
  "The folder that this was started in is gone, so nothing can be made in it. Change to another folder, with cd, and run it again.",
);

const EXIT = { done: 0, failed: 1, refused: 2, interrupted: 130 } as const;

/**
 * Makes a project.
 *
 * @param args Everything after the program's name.
 * @returns The exit code: 0 made; 1 made, but its packages could not be installed; 2 refused, nothing was touched; 130 interrupted.
 */
export async function create(args: readonly string[], terminal: CreateTerminal): Promise<number> {
  const flags = parseFlags(args);
  if ("refusal" in flags) return tell(terminal, flags);
  if (flags.show !== undefined) {
    terminal.out(flags.show === "help" ? HELP : `${terminal.version}\n`);
    return EXIT.done;
  }
  const { cwd } = terminal;
  if (cwd === undefined) return tell(terminal, FOLDER_GONE);
  const asked = flags.ask && terminal.interactive ? await ask(terminal, flags.chosen) : flags.chosen;
  if (asked === undefined) return EXIT.interrupted;
  const choices = { ...DEFAULTS, ...asked };
  const folder = resolve(cwd, choices.folder);
  const named = projectName(folder);
  if ("refusal" in named) return tell(terminal, named);
  const refusal =
    refusalOf(folder) ??
    writeProject(folder, render(choices, readLayer, { name: named.name, version: terminal.version }));
  if (refusal !== undefined) return tell(terminal, refusal);
  terminal.out(`Made ${named.name} in ${folder}.\n`);
  const manager = packageManagerOf(terminal.env.npm_config_user_agent);
  const installed = flags.install && (await terminal.run(manager, ["install"], folder));
  if (flags.install && !installed) {
    terminal.err(
      `create-millrace: \`${manager} install\` failed in ${folder}, for the reason above; the project is there. Fix that, then run \`${manager} install\` in it.\n`,
    );
    return EXIT.failed;
  }
  terminal.out(nextSteps(relative(cwd, folder), manager, installed));
  return EXIT.done;
}

function tell(terminal: CreateTerminal, { refusal }: Refusal): number {
  terminal.err(`create-millrace: ${refusal}\n`);
  return EXIT.refused;
}

async function ask(terminal: CreateTerminal, chosen: Partial<Choices>): Promise<Choices | undefined> {
  const folder = chosen.folder ?? (await terminal.ask(`Folder (${DEFAULTS.folder}): `));
  if (folder === undefined) return undefined;
  const source = chosen.source ?? (await choose(terminal, "What does the job read", SOURCES));
  if (source === undefined) return undefined;
  const test = chosen.test ?? (await choose(terminal, "What runs its test", TESTS));
  if (test === undefined) return undefined;
  return { folder: folder.trim() || DEFAULTS.folder, source, test };
}

/** Asks until the answer is one of them, or its beginning; nothing is the first. */
async function choose<T extends string>(
  terminal: CreateTerminal,
  what: string,
  known: readonly [T, ...T[]],
): Promise<T | undefined> {
  const [first, ...others] = known;
  for (;;) {
    const answer = await terminal.ask(`${what}, ${first} or ${others.join(" or ")}? (${first}): `);
    if (answer === undefined) return undefined;
    const given = answer.trim().toLowerCase();
    const found = given === "" ? first : known.find((one) => one.startsWith(given));
    if (found !== undefined) return found;
    terminal.out(`${JSON.stringify(answer)} is neither.\n`);
  }
}

function nextSteps(folder: string, manager: string, installed: boolean): string {
  const steps = [
    ...(folder === "" ? [] : [`cd ${quoted(folder)}`]),
    ...(installed ? [] : [`${manager} install`]),
    `${manager} test`,
    `${manager} run feed     # in a terminal of its own`,
    `${manager} run dev`,
  ];
  return `Next:\n\n${steps.map((step) => `  ${step}\n`).join("")}\nREADME.md says the rest.\n`;
}

/** For a shell: within double quotes, which all of them know, some characters still mean something else. */
function quoted(folder: string): string {
  if (folder.startsWith("-")) return quoted(`./${folder}`); // or it would be an option
  if (/^[\w./-]*$/.test(folder)) return folder;
  return /["$`\\!]/.test(folder) ? `'${folder.replaceAll("'", "'\\''")}'` : `"${folder}"`;
}
