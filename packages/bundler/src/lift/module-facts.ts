import type { NodePath } from "@babel/traverse";
import type * as t from "@babel/types";

/** A function of a package that the job may pass to an operator by name. */
export interface PackageImport {
  /** `package#export`, with `.member` for members of a default or namespace import. */
  readonly id: string;
  /** Evaluates to it, in the module's scope. */
  readonly expression: string;
}

/** Facts about a module as a whole. */
export interface ModuleFacts {
  readonly imports: readonly PackageImport[];
  /** Relative files that are imported dynamically. */
  readonly dynamicImports: readonly string[];
  /** `import.meta.url` and the like, which refer to the author's file. */
  readonly metaUses: readonly MetaUse[];
  /** It uses `require` and `module.exports`. */
  readonly isCommonJs: boolean;
}

export interface MetaUse {
  readonly what: "url" | "filename" | "dirname";
  readonly start: number;
  readonly end: number;
}

/** Collects the facts while a module is walked, its `Program` first. */
export class ModuleFactsCollector {
  readonly #imports: PackageImport[] = [];
  readonly #dynamicImports: string[] = [];
  readonly #metaUses: MetaUse[] = [];
  #isCommonJs = false;

  visit(path: NodePath): void {
    const { node } = path;
    switch (node.type) {
      case "Program":
        this.#isCommonJs = isCommonJs(path, node);
        break;
      case "ImportDeclaration":
        if (isPackage(node.source.value)) this.#noteImport(path, node);
        break;
      case "CallExpression":
        if (node.callee.type === "Import") this.#noteDynamic(node.arguments[0]);
        break;
      case "ImportExpression":
        this.#noteDynamic(node.source);
        break;
      case "MemberExpression":
        if (node.object.type === "MetaProperty" && node.object.meta.name === "import") this.#noteMeta(node);
        break;
      case "Identifier":
        if (this.#isCommonJs && /^__(file|dir)name$/.test(node.name) && path.isReferencedIdentifier()) {
          this.#noteFileName(path, node);
        }
        break;
      default:
        break; // other kinds of nodes say nothing of the module
    }
  }

  facts(): ModuleFacts {
    return {
      imports: this.#imports,
      dynamicImports: [...new Set(this.#dynamicImports)],
      metaUses: this.#metaUses,
      isCommonJs: this.#isCommonJs,
    };
  }

  #noteImport(path: NodePath, node: t.ImportDeclaration): void {
    for (const specifier of node.specifiers) {
      const local = specifier.local.name;
      const id = `${node.source.value}#${exportName(specifier)}`;
      this.#imports.push({ id, expression: local });
      if (specifier.type === "ImportSpecifier" && id.endsWith("#default") === false) continue;
      for (const member of membersUsedAsValues(path.scope.getBinding(local)?.referencePaths ?? [])) {
        this.#imports.push({ id: `${id}.${member}`, expression: `${local}?.${member}` });
      }
    }
  }

  #noteDynamic(source: t.Node | undefined): void {
    if (source?.type === "StringLiteral" && source.value.startsWith(".")) this.#dynamicImports.push(source.value);
  }

  #noteMeta(node: t.MemberExpression): void {
    const name = node.property.type === "Identifier" && !node.computed ? node.property.name : "";
    if (name === "url" || name === "filename" || name === "dirname") this.#noteUse(name, node);
  }

  #noteFileName(path: NodePath, node: t.Identifier): void {
    if (path.scope.hasBinding(node.name, true) || (path.parent.type === "ObjectProperty" && path.parent.shorthand))
      return;
    this.#noteUse(node.name === "__filename" ? "filename" : "dirname", node);
  }

  #noteUse(what: MetaUse["what"], node: t.Node): void {
    this.#metaUses.push({ what, start: node.start ?? 0, end: node.end ?? 0 });
  }
}

/** Neither a path nor a subpath import of the author's own package. */
function isPackage(specifier: string): boolean {
  return /^[^./#]/.test(specifier);
}

function exportName(specifier: t.ImportDeclaration["specifiers"][number]): string {
  if (specifier.type === "ImportDefaultSpecifier") return "default";
  if (specifier.type === "ImportNamespaceSpecifier") return "*";
  return specifier.imported.type === "Identifier" ? specifier.imported.name : specifier.imported.value;
}

/** `capitalize` of `words.map(_.capitalize)`, but not of `_.capitalize(word)`. */
function membersUsedAsValues(uses: readonly NodePath[]): ReadonlySet<string> {
  const members = new Set<string>();
  for (const { node, parent, parentPath } of uses) {
    if (parent.type !== "MemberExpression" || parent.object !== node || parent.computed) continue;
    const above = parentPath?.parent;
    const isArgument = above?.type === "CallExpression" && above.callee !== parent;
    const isValue = above?.type === "VariableDeclarator" || above?.type === "ObjectProperty";
    if ((isArgument || isValue) && parent.property.type === "Identifier") members.add(parent.property.name);
  }
  return members;
}

function isCommonJs(path: NodePath, { body, sourceType }: t.Program): boolean {
  if (body.some(({ type }) => /^(Import|Export)/.test(type))) return false;
  return sourceType === "script" || ["require", "module", "exports"].some((name) => path.scope.hasGlobal(name));
}
