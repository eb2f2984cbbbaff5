/** Parts of the client ask for this, and work with what Millrace asks for. */
const ASKED = [22, 19] as const;
/** Node reads zstd from here on. */
const ZSTD = [22, 15] as const;

let told = false;

/** Says once in this process, where a job is declared, that the client asks for a newer Node. */
export function tellOfNode(version: string = process.versions.node): void {
  const notice = nodeNotice(version);
  if (notice === undefined || told) return;
  told = true;
  process.emitWarning(notice, { type: "NodeVersionWarning", code: "KAFKA_NODE" });
}

/** @returns `undefined`: the version is what the client asks for. */
export function nodeNotice(version: string): string | undefined {
  if (isBefore(version, ASKED)) {
    const but = isBefore(version, ZSTD)
      ? `, but for records compressed with zstd: a batch that reads them fails with KAFKA_COMPRESSION. Node ${ZSTD.join(".")} reads them`
      : "";
    return `parts of the Kafka client ask for Node ${ASKED.join(".")} or newer, and this is ${version}. All works here${but}.`;
  }
  return undefined;
}

function isBefore(version: string, [wantedMajor, wantedMinor]: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}
