import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import type { SourceSite } from "@millrace/base";
import type ts from "typescript-api";
import { isInstalledFor, ownTypeRoot } from "./editor-settings.ts";
import { jobTypes } from "./errors.ts";
import { plugNPlayAdvice } from "./plug-n-play.ts";
import { shownName } from "./shown-name.ts";

export interface TypePaths {
  /** Path of the declaration file for `import … from "millrace"`; given a source file, it is checked with the job. */
  readonly millraceTypes: string;
}

interface Problem {
  readonly site: SourceSite | undefined;
  readonly text: string;
}

interface Place {
  readonly file: ts.SourceFile | undefined;
  readonly start: number | undefined;
}

interface Settings {
  readonly options: ts.CompilerOptions;
  readonly folder: string;
  /** What of the configuration could not be read. */
  readonly problems: readonly Problem[];
}

/** Options, and values of options, that the author's compiler may know though this one does not. */
const UNKNOWN_HERE: ReadonlySet<number> = new Set([5023, 5025, 6046]);

/** Problems listed in one message; further ones are listed once these are fixed. */
const SHOWN_MAX = 20;

/**
 * Checks the types of a job and its imports, strictly or according to the `tsconfig.json` around it, and that its
 * default export is the result of `defineJob`.
 *
 * @throws JOB_TYPES The message has the place of each problem in the author's files, for at most 20 problems.
 *
 * Time: a second or two, nearly all of it spent reading the declarations of the language and of Node.
 */
export async function checkTypes(file: string, paths: TypePaths): Promise<void> {
  // Not by `import`: Node would compile its nine megabytes to learn the module's format, and scan them for exports.
  const api: typeof ts = createRequire(import.meta.url)("typescript-api");
  // The declarations of millrace are needed even if the job forgets to import them.
  const settings = settingsAround(api, file);
  const options = optionsFor(api, file, settings, paths);
  const host = api.createCompilerHost(options);
  host.jsDocParsingMode = api.JSDocParsingMode.ParseForTypeErrors; // as tsc does; the rest is for editors
  host.getCurrentDirectory = () => dirname(file); // packages of declarations are searched from here upwards
  const program = api.createProgram([file, resolve(paths.millraceTypes)], options, host);
  const diagnostics = [...program.getOptionsDiagnostics(), ...diagnosticsOf(program)];
  const found = diagnostics
    .filter(({ category }) => category === api.DiagnosticCategory.Error)
    .map((one) => ({ site: siteOf(one, file), text: textOf(api, one) }));
  const errors = [...settings.problems, ...found];
  const other = otherThanJob(api, program, file, paths);
  if (other !== undefined) errors.push(other);
  const first = errors[0];
  if (first === undefined) return;
  const lines = errors.slice(0, SHOWN_MAX).map((one) => `  ${describe(one)}`);
  const more = errors.length > SHOWN_MAX ? `\n  … and ${errors.length - SHOWN_MAX} more` : "";
  const advice = plugNPlayAdvice(errors.map(({ text }) => text));
  const { site } = first;
  throw jobTypes(
    `The job has ${errors.length} type ${errors.length === 1 ? "error" : "errors"}:\n${lines.join("\n")}${more}${advice}\n` +
      `Correct ${errors.length === 1 ? "it" : "them"}.`,
    site === undefined ? {} : { site },
  );
}

/** The author's files only: they cannot fix what packages declare. */
function diagnosticsOf(program: ts.Program): ts.Diagnostic[] {
  return program
    .getSourceFiles()
    .filter(({ fileName, isDeclarationFile }) => !isDeclarationFile && !fileName.includes("/node_modules/"))
    .flatMap((source) => [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]);
}

function optionsFor(
  api: typeof ts,
  file: string,
  { options: own, folder }: Settings,
  { millraceTypes }: TypePaths,
): ts.CompilerOptions {
  const target = own.target ?? api.ScriptTarget.ES2023;
  return {
    strict: true,
    allowJs: true,
    ...own,
    ...nodeTypes(own, file),
    target,
    lib: own.lib ?? ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts", "lib.esnext.decorators.d.ts"],
    // The other options match the bundler, whatever is configured for an editor.
    module: api.ModuleKind.ESNext,
    moduleResolution: api.ModuleResolutionKind.Bundler,
    moduleDetection: api.ModuleDetectionKind.Force,
    paths: { ...absolutePaths(own, folder), millrace: [resolve(millraceTypes)] },
    allowImportingTsExtensions: true,
    rewriteRelativeImportExtensions: false,
    resolveJsonModule: true,
    esModuleInterop: true,
    isolatedModules: true,
    skipLibCheck: true,
    noEmit: true,
    composite: false,
    incremental: false,
    declaration: false,
    declarationMap: false,
    sourceMap: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
  };
}

/** The options of the `tsconfig.json` around a job, if there is one: as far as it can be read, and what it inherits. */
function settingsAround(api: typeof ts, file: string): Settings {
  const config = api.findConfigFile(dirname(file), api.sys.fileExists);
  if (config === undefined) return { options: {}, folder: dirname(file), problems: [] };
  const { config: json, error } = api.readConfigFile(config, api.sys.readFile);
  const { options, errors } = api.parseJsonConfigFileContent({ ...json, files: [file] }, api.sys, dirname(config));
  const { rootDir, outDir, tsBuildInfoFile, configFilePath, ...kept } = options;
  const problems = [...(error === undefined ? [] : [error]), ...errors]
    .filter(({ code }) => !UNKNOWN_HERE.has(code))
    .map((one) => {
      const site = siteOf(one, file);
      return { site, text: site === undefined ? `${shownName(file, config)}: ${textOf(api, one)}` : textOf(api, one) };
    });
  return { options: kept, folder: dirname(config), problems };
}

function absolutePaths(own: ts.CompilerOptions, folder: string): ts.MapLike<string[]> {
  // Relative to the configuration that has them, which may be one that is inherited.
  const declaredIn = typeof own.pathsBasePath === "string" ? own.pathsBasePath : folder;
  const entries = Object.entries(own.paths ?? {});
  return Object.fromEntries(
    entries.map(([name, files]) => [name, files.map((one) => resolve(own.baseUrl ?? declaredIn, one))]),
  );
}

/** Node's declarations: the author's if installed, else those of this package. */
function nodeTypes({ types }: ts.CompilerOptions, file: string): ts.CompilerOptions {
  if (isInstalledFor(dirname(file), "@types/node")) return {};
  return { typeRoots: [ownTypeRoot()], types: types ?? ["node"] };
}

function describe({ site, text }: Problem): string {
  return site ? `${site.file}:${site.line}:${site.column}: ${text}` : text;
}

function textOf(api: typeof ts, { messageText, code }: ts.Diagnostic): string {
  return `${api.flattenDiagnosticMessageText(messageText, "\n    ")} (TS${code})`;
}

/** Whether the module's default export is not a job: no program calls it, so no type checks it. */
function otherThanJob(api: typeof ts, program: ts.Program, file: string, paths: TypePaths): Problem | undefined {
  const checker = program.getTypeChecker();
  const exportOf = (path: string, name: string): ts.Symbol | undefined => {
    const source = program.getSourceFile(path);
    const module = source && checker.getSymbolAtLocation(source);
    return module && checker.getExportsOfModule(module).find((one) => one.name === name);
  };
  const job = exportOf(resolve(paths.millraceTypes), "JobDefinition");
  const exported = exportOf(file, "default");
  if (job === undefined || exported === undefined) return undefined; // CommonJS exports nothing by that name
  const symbol = exported.flags & api.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  const type = checker.getTypeOfSymbol(symbol);
  if (checker.isTypeAssignableTo(type, checker.getDeclaredTypeOfSymbol(job))) return undefined;
  const declaration = exported.declarations?.[0];
  const source = declaration?.getSourceFile();
  return {
    site: siteOf({ file: source, start: declaration?.getStart(source) }, file),
    text:
      `The default export is of type '${checker.typeToString(type)}', not what defineJob returns. ` +
      "Write: export default defineJob({ name, batchInterval }, (ssc) => { … }).",
  };
}

function siteOf({ file: source, start }: Place, file: string): SourceSite | undefined {
  if (source === undefined || start === undefined) return undefined;
  const { line, character } = source.getLineAndCharacterOfPosition(start);
  return { file: shownName(file, source.fileName), line: line + 1, column: character + 1 };
}
