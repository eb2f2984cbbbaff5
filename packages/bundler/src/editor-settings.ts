import { existsSync, lstatSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { directoryUnusable, thrownMessage } from "@millrace/base";
import { tsconfigExists } from "./errors.ts";

/** What `writeEditorSettings` found and did. */
export interface EditorSettings {
  /** The file that was written. */
  readonly file: string;
  /** Its paths are specific to this machine, because the folder is in no project that has `millrace` installed. */
  readonly local: boolean;
}

/**
 * Writes the least `tsconfig.json` with which an editor knows every type of the jobs in a folder, and checks them as
 * `millrace check` does. Nothing else is needed, not even a `package.json`.
 *
 * @param folder An existing folder.
 * @param millraceTypes Path of the declaration file for `import … from "millrace"`.
 * @throws TSCONFIG_EXISTS, DIRECTORY_UNUSABLE
 */
export function writeEditorSettings(folder: string, millraceTypes: string): EditorSettings {
  const file = join(resolve(folder), "tsconfig.json");
  const installed = isInstalledFor(dirname(file), "millrace");
  const places = {
    ...(installed ? {} : { paths: { millrace: [resolve(millraceTypes)] } }),
    ...(isInstalledFor(dirname(file), "@types/node") ? {} : { typeRoots: [ownTypeRoot()] }),
  };
  const settings = {
    compilerOptions: {
      target: "es2023",
      lib: ["es2023", "esnext.disposable"],
      // Jobs are bundled, so imports mean what a bundler makes of them.
      module: "preserve",
      types: ["node"],
      strict: true,
      allowImportingTsExtensions: true,
      noEmit: true,
      ...places,
    },
  };
  try {
    writeFileSync(file, `${JSON.stringify(settings, null, 2)}\n`, { flag: "wx" });
  } catch (error) {
    // A link that leads nowhere is there too.
    if (lstatSync(file, { throwIfNoEntry: false }) === undefined) {
      throw directoryUnusable(
        `${file} cannot be written: ${thrownMessage(error)}. Nothing was written. ` +
          "Give another folder, or free space there and let the user that runs this command write.",
        { cause: error, fields: { path: dirname(file) } },
      );
    }
    throw tsconfigExists(
      `${file} is there already and was left as it is. ` +
        (installed
          ? "Its project has millrace installed, so an editor finds the types of jobs without more."
          : `For an editor to know the types of jobs, add to its compilerOptions: ${JSON.stringify(places)}`),
      { fields: { file } },
    );
  }
  return { file, local: !installed };
}

/** Whether the compiler finds a package for files of a folder: in `node_modules` there or above. */
export function isInstalledFor(folder: string, name: string): boolean {
  for (let dir = folder; ; dir = dirname(dir)) {
    if (existsSync(join(dir, "node_modules", name))) return true;
    if (dir === dirname(dir)) return false;
  }
}

/** The folder of `@types` that has Node's declarations, which come with this package. */
export function ownTypeRoot(): string {
  return dirname(dirname(createRequire(import.meta.url).resolve("@types/node/package.json")));
}
