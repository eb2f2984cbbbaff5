import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, isAbsolute, resolve } from "node:path";

/** What decides, in the folders around a file, what its imports mean. */
const SETTINGS = ["tsconfig.json", "package.json"];
/** A chain of `extends` that is longer is a circle. */
const INHERITED_MAX = 16;

/**
 * Files that may change what the imports of a job mean: those in the folders around its files, whether they exist or
 * not, and what a `tsconfig.json` among them inherits.
 *
 * @param files The author's files, absolute.
 */
export function settingsAround(files: Iterable<string>): readonly string[] {
  const folders = new Set<string>();
  for (const file of files) {
    for (let dir = dirname(file); !folders.has(dir); dir = dirname(dir)) folders.add(dir);
  }
  const around = [...folders].flatMap((dir) => SETTINGS.map((name) => resolve(dir, name)));
  return [...new Set([...around, ...around.flatMap((path) => inheritedBy(path, INHERITED_MAX))])];
}

function inheritedBy(config: string, left: number): string[] {
  const text = config.endsWith("package.json") || left === 0 ? undefined : read(config);
  // JSON with comments: one that is commented out is watched in vain, which does no harm.
  const [, value = ""] = /"extends"\s*:\s*("[^"]*"|\[[^\]]*\])/.exec(text ?? "") ?? [];
  const names = [...value.matchAll(/"([^"]*)"/g)].map(([, name = ""]) => name);
  return names.flatMap((name) => {
    const found = resolveConfig(config, name);
    return found === undefined ? [] : [found, ...inheritedBy(found, left - 1)];
  });
}

function resolveConfig(from: string, name: string): string | undefined {
  if (isAbsolute(name) || /^\.{1,2}(\/|$)/.test(name)) {
    const path = resolve(dirname(from), name);
    const forms = path.endsWith(".json") ? [path] : [path, `${path}.json`];
    return forms.find((one) => existsSync(one)) ?? forms.at(-1); // it may come later
  }
  const require = createRequire(from);
  for (const specifier of [name, `${name}.json`, `${name}/tsconfig.json`]) {
    try {
      return require.resolve(specifier);
    } catch {} // the next form
  }
  return undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // most folders have none
  }
}
