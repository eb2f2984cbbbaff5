import type { Analysis } from "./analyse.ts";
import { around, nameEdit, statement } from "./driver-build.ts";
import { type Edit, type Emitted, Emitter, sortEdits } from "./emitter.ts";
import type { Lifted } from "./lifted.ts";
import { callWith, endOfStatement, inNamedLiteral, moduleEdits, needsParentheses } from "./places.ts";

/**
 * The author's module unchanged, followed by a factory for each function: captures are parameters, and nothing within
 * is tagged.
 */
export function executorBuild(analysis: Analysis): Emitted {
  const { source, lifted, facts, hoistedGroups } = analysis;
  const emitter = new Emitter(source);
  const inCopies = sortEdits(moduleEdits(analysis).filter(({ depth }) => depth >= 0));
  const edits = [...moduleEdits(analysis), ...lifted.flatMap((one) => classEdits(one, analysis))];
  emitter.range(0, source.code.length, sortEdits(edits));
  emitter.text("\n");
  // Modules that the driver imports dynamically may create functions too, and nothing else would import them here.
  if (!facts.isCommonJs) for (const file of facts.dynamicImports) emitter.text(`import ${JSON.stringify(file)};\n`);
  for (const group of hoistedGroups) emitHoisted(emitter, group, { analysis, inCopies });
  for (const one of lifted) {
    if (one.registered === undefined && one.refusals.length === 0) emitFactory(emitter, one, { analysis, inCopies });
  }
  return emitter.finish();
}

interface Copying {
  readonly analysis: Analysis;
  /** The edits that copies of a piece of source need too. */
  readonly inCopies: readonly Edit[];
}

function classEdits(one: Lifted, analysis: Analysis): Edit[] {
  const { node, registered, constant, path, inferredName } = one;
  const naming =
    node.type === "FunctionDeclaration" || node.type === "ClassDeclaration" ? nameEdit(node, analysis) : [];
  if (registered !== "at its place") return naming;
  const hook = `${analysis.prefix}.registerClass`;
  const details = [JSON.stringify(one.id), `${one.hasPrivates}`, JSON.stringify(memberNames(one))];
  if (node.type === "ClassDeclaration") {
    const name = constant?.name ?? one.ownName ?? "";
    return [...naming, statement(endOfStatement(path), ` ${callWith(hook, [name, ...details])};`)];
  }
  const [open, close] = inferredName === undefined ? ["", ""] : inNamedLiteral(inferredName, true);
  const [before, after] = needsParentheses(path) ? ["(", ")"] : ["", ""];
  return around(one, `${before}${hook}(${open}`, `${close}, ${details.join(", ")})${after}`);
}

function memberNames({ members }: Lifted): [string, boolean][] {
  return members.map(({ name, isStatic }) => [name, isStatic]);
}

function emitHoisted(emitter: Emitter, group: readonly Lifted[], copying: Copying): void {
  const ids = group.map((one) => [one.id, one.hasPrivates, memberNames(one)]);
  emitter.text(`${copying.analysis.prefix}.hoistClasses(${JSON.stringify(ids)}, () => { `);
  for (const { node } of group) {
    emitter.range(node.start ?? 0, node.end ?? 0, copying.inCopies);
    emitter.text(" ");
  }
  emitter.text(`return [${group.map((one) => one.constant?.name).join(", ")}]; });\n`);
}

function emitFactory(emitter: Emitter, one: Lifted, { analysis, inCopies }: Copying): void {
  const { prefix } = analysis;
  const id = JSON.stringify(one.id);
  if (one.constant?.ofModule) {
    emitter.text(`${prefix}.define(${id}, () => ${one.constant.name});\n`);
  } else {
    const captures = [...one.captures].join(", ");
    const [before, after] = makingOf(one);
    // An arrow function sees the `this` of the function called here.
    const [open, close] = one.usesThis
      ? [`(${[...one.captures, `${prefix}_this`].join(", ")}) => function () {`, `}.call(${prefix}_this)`]
      : [`(${captures}) => {`, "}"];
    emitter.text(`${prefix}.define(${id}, ${open} ${before}`);
    emitter.range(one.node.start ?? 0, one.node.end ?? 0, inCopies);
    emitter.text(`${after} ${close});\n`);
  }
  if (one.members.length > 0) {
    emitter.text(`${prefix}.defineMembers(${id}, ${JSON.stringify(memberNames(one))});\n`);
  }
}

/** The statements around a copied function that create it under its name and return it. */
function makingOf({ node, constant, ownName, inferredName }: Lifted): readonly [string, string] {
  if (node.type === "FunctionDeclaration" || node.type === "ClassDeclaration") {
    return ["{ ", ` return ${constant?.name ?? ownName}; }`]; // a block, since a parameter may have the same name
  }
  if (node.type === "ObjectMethod") return named("return ", inNamedLiteral(ownName ?? "", false));
  if (constant) return [`const ${constant.name} = `, `; return ${constant.name};`];
  if (inferredName !== undefined) return named("return ", inNamedLiteral(inferredName, true));
  return ["return (", ");"];
}

function named(keyword: string, [open, close]: readonly [string, string]): readonly [string, string] {
  return [`${keyword}${open}`, `${close};`];
}
