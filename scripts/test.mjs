// npm test: all rings that run on this machine without docker: pure parts, real processes, and connectors on those real servers
// that this machine can start. What it cannot start is named, and with CI=true that is a failure. Arguments go to vitest.
import { bootstrapOrExit } from "./bootstrap.mjs";
import { absentServers } from "./servers/servers.mjs";
import { finish, sum } from "./tally.mjs";
import { runVitest } from "./vitest.mjs";

await bootstrapOrExit();
const absent = absentServers();
const tally = runVitest([...absent.map(({ tests }) => `--exclude=${tests}`), ...process.argv.slice(2)]);
for (const { name, missing, tests } of absent) {
  console.log(`!! DID NOT RUN: the tests on a real ${name} (${tests}). This machine has no ${missing.join(", no ")}.`);
  console.log(`!! Nothing above says that the connector to ${name} works. CONTRIBUTING.md says what to install.`);
}
const failed = process.env.CI === "true" ? absent.length : 0;
finish(sum([tally, { passed: 0, failed }]));
