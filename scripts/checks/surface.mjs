// Files that are a documented surface: classes whose methods only hand over to functions elsewhere.

/** @typedef {import("./workspace.mjs").Node} Node */

/** `this.x.rename(name); return this;` */
const STATEMENTS_MAX = 2;
const DECLARATIONS = /^(Import|Export|Class|TS(Interface|TypeAlias))\w*$/;

/**
 * Whether a file declares imports, types and classes alone, and each method is at most two statements, without a branch, a
 * loop or a variable. Such a file is read by looking things up in it, like a document, so it may be longer than others.
 *
 * @param {Node} program
 * @returns {boolean}
 */
export function isSurface(program) {
  const declared = nodesOf(program.body).map((node) => (isNode(node.declaration) ? node.declaration : node));
  const classes = declared.filter(({ type }) => type === "ClassDeclaration");
  return classes.length > 0 && declared.every(({ type }) => DECLARATIONS.test(type)) && classes.every(handsOver);
}

/** @param {Node} declaration */
function handsOver(declaration) {
  const members = isNode(declaration.body) ? nodesOf(declaration.body.body) : [];
  return members.every((member) => {
    if (!isNode(member.body)) return true; // a property, or an overload
    const statements = nodesOf(member.body.body);
    return statements.length <= STATEMENTS_MAX && statements.every(isSimple);
  });
}

/** @param {Node} statement */
function isSimple({ type, expression, argument }) {
  const value = expression ?? argument;
  return (type === "ExpressionStatement" || type === "ReturnStatement") && (!isNode(value) || !branches(value));
}

/**
 * @param {Node} node
 * @returns {boolean}
 */
function branches(node) {
  if (node.type === "BlockStatement" || node.type === "ConditionalExpression") return true;
  return Object.entries(node).some(
    ([key, value]) => !key.endsWith("Comments") && (isNode(value) ? branches(value) : nodesOf(value).some(branches)),
  );
}

/**
 * @param {unknown} value
 * @returns {Node[]}
 */
function nodesOf(value) {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/**
 * @param {unknown} value
 * @returns {value is Node}
 */
export function isNode(value) {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
