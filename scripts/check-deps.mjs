// The package arrows alone: `node scripts/check-deps.mjs`.
import { root } from "./bootstrap.mjs";
import { findProblems, formatProblem } from "./checks/deps.mjs";
import { readWorkspace } from "./checks/workspace.mjs";

const problems = findProblems(readWorkspace(root));
for (const problem of problems) console.error(formatProblem(problem));
console.error(problems.length === 0 ? "every import follows the arrows" : `${problems.length} to mend`);
process.exitCode = problems.length === 0 ? 0 : 1;
