import { dirname, resolve } from "node:path";
import type { EngineError, SourceSite } from "@millrace/base";
import type { BuildFailure, Message } from "esbuild";
import { jobImportUnresolved, jobSyntax } from "./errors.ts";
import type { Build } from "./job-plugin.ts";
import type { LiftedFile } from "./lift/lift-file.ts";
import { shownName } from "./shown-name.ts";
import { columnOf, segmentAt } from "./stripped-source.ts";

interface BundleContext {
  readonly entry: string;
  readonly which: Build;
  readonly lifts: ReadonlyMap<string, Promise<LiftedFile>>;
}

/** What esbuild says of an import that leads nowhere, and what its author can do. */
const IMPORT_PROBLEMS = [
  {
    text: /^Could not resolve/,
    remedy: "Correct the name, or install the package beside the job (npm install NAME).",
  },
  { text: /^No matching export/, remedy: "Correct the name of the import, or export it there." },
  {
    text: /^No loader is configured/,
    remedy: "A job can import code and JSON: read any other file when the job runs.",
  },
] as const;

/** All errors of esbuild as one, with places in the author's files. */
export async function bundleError(failure: BuildFailure, context: BundleContext): Promise<EngineError> {
  const found = await Promise.all(
    failure.errors.map(async (message) => ({ message, site: await authorSite(message, context) })),
  );
  const each = found.map(({ message, site }) => {
    const place = site ? `${site.file}:${site.line}:${site.column}: ` : "";
    return `  ${place}${message.text.replaceAll("millrace-api:", "")}`;
  });
  // A function occurs twice in the executors' bundle: where it was written, and lifted out of there.
  const lines = [...new Set(each)];
  const imports = failure.errors.map((error) => IMPORT_PROBLEMS.find(({ text }) => text.test(error.text))?.remedy);
  const site = found[0]?.site;
  // No cause: it would repeat the message, with columns of another file.
  const options = site === undefined ? {} : { site };
  return imports.every((remedy) => remedy !== undefined)
    ? jobImportUnresolved(
        `The job has imports that lead nowhere:\n${lines.join("\n")}\n${[...new Set(imports)].join(" ")}`,
        options,
      )
    : jobSyntax(`The job does not compile:\n${lines.join("\n")}\nCorrect it and start again.`, options);
}

async function authorSite({ location }: Message, context: BundleContext): Promise<SourceSite | undefined> {
  if (location === null || (location.namespace !== "file" && location.namespace !== "")) return undefined;
  const path = resolve(dirname(context.entry), location.file);
  const column = columnOf(location.lineText, location.column) - 1;
  const lifted = await context.lifts.get(path);
  const [line, authorColumn] = (lifted && segmentAt(lifted[context.which].segments, location.line - 1, column)) ?? [
    location.line - 1,
    column,
  ];
  return { file: shownName(context.entry, path), line: line + 1, column: authorColumn + 1 };
}
