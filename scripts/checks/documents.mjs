// Documents that a program can hold against the code: every error and every warning that is declared has its section, every setting its row.

/** @typedef {import("./deps.mjs").Problem} Problem */

const KIND = /(?:error|warning)Kind\(\s*"([A-Z][A-Z0-9_]*)"/g;

/**
 * @param {import("./workspace.mjs").Workspace} workspace
 * @param {string} document docs/errors.md
 * @returns {readonly Problem[]}
 */
export function checkErrors(workspace, document) {
  const raised = workspace.packages.flatMap((one) =>
    one.sources
      .filter((source) => !source.path.includes(".test"))
      .flatMap((source) =>
        [...source.text.matchAll(KIND)].map((match) => ({
          code: match[1] ?? "",
          where: `${one.folder}/${source.path}`,
        })),
      ),
  );
  const codes = new Map(raised.map(({ code, where }) => [code, where]));
  const sections = errorSections(document);
  return [
    ...raised
      .filter(({ code, where }) => codes.get(code) !== where)
      .map(({ code, where }) => ({
        where,
        what: `${code} is declared in ${codes.get(code)} too`,
        fix: "import it from there, or choose another code",
      })),
    ...[...codes]
      .filter(([code]) => !sections.has(code))
      .map(([code, where]) => ({
        where,
        what: `${code} is not in docs/errors.md`,
        fix: `add a section "## ${code}": what causes it, what to do`,
      })),
    ...[...sections]
      .filter(([code]) => !codes.has(code))
      .map(([code]) => ({
        where: "docs/errors.md",
        what: `${code} is an error that nothing raises`,
        fix: "remove the section, or mend its name",
      })),
    ...[...sections]
      .filter(([, text]) => text.trim().length < 40)
      .map(([code]) => ({
        where: "docs/errors.md",
        what: `${code} says next to nothing`,
        fix: "say what causes it and what to do",
      })),
  ];
}

/**
 * @param {string} document
 * @returns {ReadonlyMap<string, string>} Text by code.
 */
function errorSections(document) {
  const parts = document.split(/^## +`?([A-Z][A-Z0-9_]*)`?[ \t]*$/m).slice(1);
  return new Map(
    parts.flatMap((part, index) => (index % 2 === 0 ? [/** @type {const} */ ([part, parts[index + 1] ?? ""])] : [])),
  );
}

/**
 * @typedef {{ parse(value: unknown): unknown }} Setting
 *
 * @param {Readonly<Record<string, Setting>>} settings `settings` of base.
 * @param {string} document docs/configuration.md: a table with a row of name, default, meaning for each.
 * @returns {readonly Problem[]}
 */
export function checkSettings(settings, document) {
  const where = "docs/configuration.md";
  const rows = new Map(
    [...document.matchAll(/^\| `([a-z][\w.]*)` *\| *`?([^|`]*?)`? *\|/gm)].map((row) => [
      row[1] ?? "",
      (row[2] ?? "").trim(),
    ]),
  );
  return [
    ...Object.keys(settings)
      .filter((name) => !rows.has(name))
      .map((name) => ({ where, what: `${name} has no row`, fix: `add | \`${name}\` | \`default\` | what it does |` })),
    ...[...rows.keys()]
      .filter((name) => !(name in settings))
      .map((name) => ({ where, what: `${name} is no setting`, fix: "remove the row, or mend its name" })),
    ...[...rows].flatMap(([name, text]) => {
      const setting = settings[name];
      if (!setting || sameDefault(setting, text)) return [];
      return [
        {
          where,
          what: `the default of ${name} is not ${text}`,
          fix: `write the one that packages/base/src/config.ts has, ${setting.parse(undefined)}`,
        },
      ];
    }),
  ];
}

/**
 * @param {Setting} setting
 * @param {string} text
 */
function sameDefault(setting, text) {
  try {
    return setting.parse(text) === setting.parse(undefined);
  } catch {
    return false;
  }
}

/**
 * @param {readonly string[]} notes File names in docs/decisions.
 * @param {string} index docs/decisions/README.md
 * @returns {readonly Problem[]}
 */
export function checkDecisions(notes, index) {
  return notes
    .filter((name) => name !== "README.md" && !index.includes(`](${name})`))
    .map((name) => ({
      where: `docs/decisions/${name}`,
      what: "the index does not list this note",
      fix: `add "- [title](${name})" to docs/decisions/README.md`,
    }));
}
