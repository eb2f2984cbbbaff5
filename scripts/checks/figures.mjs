// What the score card counts in one file.

/** @typedef {import("./workspace.mjs").Node} Node */

/**
 * @typedef {object} Figures
 * @property {number} lines Without the end of the last one.
 * @property {number} commentLines Lines that a comment covers.
 * @property {readonly number[]} functions Lines of every function with a body, nested ones too.
 * @property {readonly number[]} casts The line of every `as` but `as const`.
 * @property {readonly number[]} anys The line of every `any`.
 * @property {readonly number[]} assertions The line of every `!` after a value.
 * @property {readonly number[]} plainThrows The line of every error that is thrown, or rejects a promise, without a code.
 * @property {number} codedThrows Other `throw` statements.
 * @property {readonly number[]} openSwitches The line of every switch over words that the compiler does not hold to be complete.
 * @property {number} switches Over words, that is, string literals: a union, as a rule.
 */

/** @returns {{ -readonly [K in keyof Figures]: Figures[K] extends readonly number[] ? number[] : number }} */
function nothing() {
  return {
    lines: 0,
    commentLines: 0,
    functions: [],
    casts: [],
    anys: [],
    assertions: [],
    plainThrows: [],
    codedThrows: 0,
    openSwitches: [],
    switches: 0,
  };
}

/**
 * Counts while a file's tree is walked.
 *
 * @param {string} text
 * @param {readonly { readonly loc?: { readonly start: { readonly line: number }, readonly end: { readonly line: number } } | null }[]} comments
 */
export function figuresOf(text, comments) {
  const figures = nothing();
  figures.lines = text.split("\n").length - 1;
  const commented = new Set();
  for (const { loc } of comments) {
    for (let line = loc?.start.line ?? 1; line <= (loc?.end.line ?? 0); line++) commented.add(line);
  }
  figures.commentLines = commented.size;
  return { figures, visit: (/** @type {Node} */ node) => count(figures, node) };
}

/**
 * @param {ReturnType<typeof nothing>} figures
 * @param {Node} node
 */
function count(figures, node) {
  const line = node.loc?.start.line ?? 0;
  switch (node.type) {
    case "TSAsExpression":
      if (!isConst(node)) figures.casts.push(line);
      break;
    case "TSAnyKeyword":
      figures.anys.push(line);
      break;
    case "TSNonNullExpression":
      figures.assertions.push(line);
      break;
    case "ThrowStatement":
      if (isPlainError(node.argument)) figures.plainThrows.push(line);
      else figures.codedThrows++;
      break;
    case "CallExpression":
      if (isReject(node)) figures.plainThrows.push(line);
      break;
    case "SwitchStatement":
      if (!overWords(node)) break;
      figures.switches++;
      if (!endsInUnreachable(node)) figures.openSwitches.push(line);
      break;
    default:
      if (hasBody(node)) figures.functions.push((node.loc?.end.line ?? line) - line + 1);
  }
}

/** @param {Node} node */
function isConst(node) {
  const type = /** @type {Node | undefined} */ (node.typeAnnotation); // an `as` has one
  const name = /** @type {Node | undefined} */ (type?.typeName); // a reference has one
  return name?.name === "const";
}

/** @param {unknown} node */
function isPlainError(node) {
  const made = /** @type {Node | undefined | null} */ (node); // what a throw is given
  const callee = /** @type {Node | undefined} */ (made?.callee); // a call has one
  return made?.type === "NewExpression" && /^(Range|Type)?Error$/.test(String(callee?.name));
}

/** `reject(new Error(…))`, `Promise.reject(new Error(…))`.
 * @param {Node} node
 */
function isReject(node) {
  const callee = /** @type {Node} */ (node.callee); // a call has one
  const property = /** @type {Node | undefined} */ (callee.property); // a member has one
  const name = String(callee.name ?? property?.name);
  return /^reject/.test(name) && Array.isArray(node.arguments) && isPlainError(node.arguments[0]);
}

const FUNCTIONS = new Set([
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
  "ClassMethod",
  "ClassPrivateMethod",
  "ObjectMethod",
]);

/** @param {Node} node */
function hasBody(node) {
  return FUNCTIONS.has(node.type) && /** @type {Node | undefined} */ (node.body)?.type === "BlockStatement"; // functions have one
}

/**
 * @param {Node} node
 * @returns {readonly Node[]}
 */
function casesOf(node) {
  return /** @type {Node[]} */ (node.cases); // a switch has some
}

/** @param {Node} node */
function overWords(node) {
  const tests = casesOf(node).flatMap((one) => (one.test ? [/** @type {Node} */ (one.test)] : [])); // an expression
  return tests.length > 0 && tests.every((test) => test.type === "StringLiteral");
}

/**
 * Also complete, though without `unreachable`: a default that does something of its own, for a set of words that is open.
 *
 * @param {Node} node
 */
function endsInUnreachable(node) {
  const last = casesOf(node).find((one) => !one.test);
  return last !== undefined && Array.isArray(last.consequent) && last.consequent.length > 0;
}
