import type { Command } from "commander";
import { type Console, tell } from "../console.ts";

export function registerInit(program: Command, console: Console): Command {
  return program
    .command("init")
    .argument("[folder]", "where the jobs are", ".")
    .description(
      "write a tsconfig.json with which an editor knows the types of jobs; npm create millrace makes a whole project",
    )
    .action(async (folder: string) => {
      const { file, local } = await console.engine.init(folder);
      if (local)
        tell(
          console,
          "its paths are specific to this machine: run init again on another one, or install millrace in a project",
        );
      await console.out(`${file}\n`);
    });
}
