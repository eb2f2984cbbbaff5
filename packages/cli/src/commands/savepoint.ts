import type { Command } from "commander";
import { CHECKPOINT_PLACE, checkpointPlace } from "../checkpoint-place.ts";
import { type Console, outJson, tell } from "../console.ts";
import { badUsage } from "../errors.ts";
import { type OperatorOptions, withOperatorOptions } from "../operator-command.ts";
import { formatTable } from "../table.ts";

interface SavepointOptions extends OperatorOptions {
  readonly name?: string;
  readonly list?: true;
  readonly delete?: string;
}

export function registerSavepoint(program: Command, console: Console): Command {
  return withOperatorOptions(program.command("savepoint"))
    .argument("<where>", CHECKPOINT_PLACE)
    .option("--name <name>", "keep the last committed batch under this name; the job goes on")
    .option("--list", "show the savepoints that there are")
    .option("--delete <name>", "remove a savepoint")
    .description("keep a batch of a job for as long as you like: run and submit start from it with --from-savepoint")
    .action(async (where: string, options: SavepointOptions) => {
      const { name, list, delete: removed, json } = options;
      if ([name, list, removed].filter((one) => one !== undefined).length !== 1)
        throw badUsage("Give one of --name NAME, --list and --delete NAME.");
      const savepoints = await console.engine.savepoints(await checkpointPlace(console, where, options));
      if (list) {
        const all = await savepoints.list();
        if (json) return outJson(console, all);
        const shown = formatTable(
          all,
          [
            { title: "name", show: (one) => one.name },
            { title: "job", show: (one) => one.job ?? "none yet" },
            { title: "batch", show: (one) => `${one.batch} (${new Date(one.batch).toISOString()})` },
            { title: "directory", show: (one) => one.directory },
          ],
          "no savepoints",
        );
        return console.out(shown);
      }
      const done = name === undefined ? await savepoints.delete(removed ?? "") : await savepoints.create(name);
      if (json) return outJson(console, done);
      if (name === undefined) return tell(console, `savepoint ${done.name} deleted`);
      await console.out(`${done.directory}\n`);
      tell(
        console,
        `savepoint ${done.name} of ${done.job === undefined ? "imported state" : `the job ${done.job}`} has batch ${done.batch}`,
      );
    });
}
