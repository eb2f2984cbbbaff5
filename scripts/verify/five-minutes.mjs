// The section of README.md that a newcomer follows, done as it stands there: its files are written, and its commands run one after the
// other, each of those that stay at a terminal of its own. Only the ports are others, and the package is the one just packed.
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { root } from "../bootstrap.mjs";
import { atTerminal } from "./processes.mjs";

const HEADING = "## A job of your own, in five minutes\n";
const PATIENCE_MS = 120_000; // for each command

/**
 * What commands say, if it matters. One that stays is waited for until it has said that, and then interrupted: at once if it has
 * nothing more to show, or at the end of the section if what follows needs it. All others have to end well.
 *
 * @type {readonly { readonly command: RegExp, readonly says: RegExp, readonly stays?: "once seen" | "for the section" }[]}
 */
const EXPECTED = [
  { command: /^node chat\.mjs/, says: /^/, stays: "for the section" },
  { command: /millrace driver/, says: /driver listening at/, stays: "for the section" },
  { command: /millrace executor/, says: /member of the cluster/, stays: "for the section" },
  { command: /millrace run/, says: /'GOOD MORNING[^']*' \]\n.*'HELLO/, stays: "once seen" },
  { command: /millrace logs -f counts/, says: /'ada', \d+ \]/, stays: "once seen" },
  { command: /millrace logs -f/, says: /'GOOD MORNING[^']*' \]\n.*'HELLO/, stays: "once seen" },
  { command: /millrace check /, says: /no errors/ },
  { command: /millrace checkpoint inspect/, says: /committed/ },
  { command: /millrace checkpoint check/, says: /counts +goes on/ },
  { command: /millrace state scan/, says: /"ada" +\d+/ },
  { command: /millrace savepoint/, says: /v1/ },
  { command: /millrace (submit counts|stop counts)/, says: /counts-\d/ },
  { command: /millrace (submit|jobs|status|stop)/, says: /shouting-1/ },
  { command: /millrace batches/, says: /\d/ },
];

/**
 * @param {string} folder Where the newcomer begins.
 * @param {string} tarball
 * @returns {Promise<string>} The folder where the package is installed now.
 */
export async function followTheReadme(folder, tarball) {
  const { files, commands } = readSection(await sectionFor(tarball));
  /** @type {ReturnType<typeof atTerminal>[]} */
  const open = [];
  const killAll = () => {
    for (const terminal of open) terminal.kill();
  };
  const deadline = setTimeout(killAll, PATIENCE_MS); // then what is waited for is reported as never said
  let cwd = folder;
  const env = { ...process.env };
  try {
    for (const command of commands) {
      const [, path] = /^cd (\S+)/.exec(command) ?? [];
      const [, name, value] = /^export (\w+)=(\S+)/.exec(command) ?? [];
      if (path !== undefined) {
        cwd = resolve(cwd, path);
        for (const { name, text } of files) writeFileSync(join(cwd, name), text);
      } else if (name !== undefined) env[name] = value;
      else await follow(command, { cwd, env }, open);
      deadline.refresh();
    }
    for (const terminal of open.reverse()) await terminal.interrupt();
  } finally {
    clearTimeout(deadline);
    killAll();
  }
  return cwd;
}

/**
 * @param {string} command
 * @param {{ readonly cwd: string, readonly env: NodeJS.ProcessEnv }} options
 * @param {ReturnType<typeof atTerminal>[]} open
 */
async function follow(command, options, open) {
  const { says, stays } = EXPECTED.find((expected) => expected.command.test(command)) ?? { says: /^/ };
  const terminal = atTerminal(command, options);
  open.push(terminal);
  if (stays !== undefined) {
    await terminal.says(says);
    if (stays === "once seen") await terminal.interrupt();
    return;
  }
  const { status, output } = await terminal.ended;
  if (status !== 0 || !says.test(output))
    throw new Error(`\`${command}\` ended with status ${status}; 0 and ${says} were expected:\n${output}`);
}

/** @param {string} tarball */
async function sectionFor(tarball) {
  const [, after = ""] = readFileSync(join(root, "README.md"), "utf8").split(HEADING);
  const [section = ""] = after.split(/^## /m);
  const driver = await freePort();
  return [
    ["npm install millrace\n", `npm install '${tarball}'\n`],
    ["npx millrace driver\n", `npx millrace driver --port ${driver} --ui-port 0\n`],
    ["9999", String(await freePort())],
    ["7077", String(driver)],
  ].reduce((text, [written = "", here = ""]) => {
    if (!text.includes(written)) throw new Error(`README.md no longer has ${JSON.stringify(written)} below ${HEADING}`);
    return text.replaceAll(written, here);
  }, section);
}

/** @param {string} section */
function readSection(section) {
  const blocks = [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text = ""]) => ({
    language,
    text,
  }));
  return {
    files: blocks.flatMap(({ text }) => {
      const [, name] = /^\/\/ (\S+)\n/.exec(text) ?? [];
      return name === undefined ? [] : [{ name, text }];
    }),
    commands: blocks.flatMap(({ language, text }) =>
      language === "sh" ? text.split("\n").filter((line) => line !== "") : [],
    ),
  };
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((done, fail) => {
    const server = createServer().on("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
