// npm start: the chat room on an embedded cluster, with a chat generator to listen to. Arguments go to `millrace run`:
// `npm start -- --batches 5`.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { bootstrapOrExit, root } from "./bootstrap.mjs";

await bootstrapOrExit();

const examples = join(root, "packages/examples");
const generator = spawn(
  process.execPath,
  [join(examples, "dist/chat-generator.js"), "--port", "0", "--until-stdin-ends"],
  {
    stdio: ["pipe", "pipe", "inherit"],
    detached: true, // Ctrl-C is for the job, which still has messages to finish; the generator ends with our end of its stdin
  },
);
const port = await listeningPort();

process.setSourceMapsEnabled(true);
const { processConsole, runCli } = await import(join(root, "packages/cli/dist/index.js"));
const given = process.argv.slice(2);
const code = await runCli(
  ["run", join(examples, "src/chat-room.ts"), "--master", "local-cluster[2,2]", ...given, "--", "127.0.0.1", port],
  processConsole(),
);
generator.stdin.end();
process.stdout.write("", () => process.exit(code));

/** @returns {Promise<string>} */
function listeningPort() {
  return new Promise((resolve, reject) => {
    generator.once("error", reject);
    generator.once("exit", (status) =>
      reject(new Error(`the chat generator ended with status ${status} before it listened`)),
    );
    createInterface(generator.stdout).once("line", (text) => resolve(text.replace(/^.*:/, "")));
  });
}
