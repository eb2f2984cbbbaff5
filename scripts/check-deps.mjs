// The package arrows and circles alone: `node scripts/check-deps.mjs`.
import { root } from "./bootstrap.mjs";
import { findTypeCircles, ONE_IDEA } from "./checks/circles.mjs";
import { findProblems, formatProblem } from "./checks/deps.mjs";
import { readWorkspace } from "./checks/workspace.mjs";

const workspace = readWorkspace(root);
const problems = [...findProblems(workspace), ...findTypeCircles(workspace, ONE_IDEA)];
for (const problem of problems) console.error(formatProblem(problem));
console.error(problems.length === 0 ? "every import follows the arrows" : `${problems.length} to mend`);
process.exitCode = problems.length === 0 ? 0 : 1;
