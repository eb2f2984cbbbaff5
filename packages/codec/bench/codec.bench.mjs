// Speed of the codec on one thread: `node packages/codec/bench/codec.bench.mjs [name]`, on what is built.
// Prints millions of rows per second, lower quartile of 9 rounds (others use the machine), and bytes a row.
import {
  BlockWriter,
  canonicalKey,
  decodeFrame,
  decodePairFrame,
  decodeValue,
  emptyClassTable,
  encodeValue,
  hashKey,
  KeyMap,
  LineBlockWriter,
  LineSplitter,
  readFrames,
} from "../dist/index.js";

const ROWS = 200_000;
const ROUNDS = 9;
const only = process.argv[2];
const classes = emptyClassTable;

function lowerQuartile(values) {
  return values.sort((a, b) => a - b)[values.length >> 2];
}

function measure(name, rows, run, note = "") {
  if (only !== undefined && !name.includes(only)) return;
  for (let i = 0; i < 4; i += 1) run();
  const times = [];
  for (let i = 0; i < ROUNDS; i += 1) {
    const start = process.hrtime.bigint();
    run();
    times.push(Number(process.hrtime.bigint() - start));
  }
  const ns = lowerQuartile(times) / rows;
  console.log(`${name.padEnd(36)} ${(1000 / ns).toFixed(1).padStart(7)} M/s ${ns.toFixed(1).padStart(8)} ns ${note}`);
}

// Strings as operators make them: cut from a line, never the same object twice.
const wordOf = (i) => ((i * 7919) % 50_021).toString(36) + "abcdefgh".slice(0, i % 6);
const line = Array.from({ length: ROWS }, (_, i) => wordOf(i)).join(" ");
const words = line.split(" ");
const sentences = Array.from({ length: ROWS / 10 }, (_, i) => words.slice(i * 10, i * 10 + 10).join(" "));
const wide = words.map((word) => `${word}語`);

function encode(write) {
  const frames = [];
  const pool = new Uint8Array(new SharedArrayBuffer(64 * 1024 * 1024));
  let used = 0;
  const run = (keep) => {
    used = 0;
    frames.length = 0;
    const writer = new BlockWriter({
      classes,
      flush(frame) {
        pool.set(frame, used);
        if (keep) frames.push(pool.subarray(used, used + frame.length));
        used += frame.length;
      },
    });
    write(writer);
    writer.finish();
    return used;
  };
  return { run, frames };
}

function both(name, rows, write, decode = (frame) => decodeFrame(frame, classes)) {
  const { run, frames } = encode(write);
  const bytes = run(true);
  measure(`${name}: encode`, rows, () => run(false), `${(bytes / rows).toFixed(1)} B/row`);
  run(true);
  let sink = 0;
  measure(`${name}: decode`, rows, () => {
    for (const frame of frames) sink += decode(frame).length ?? 0;
  });
  return sink;
}

const pairs = (frame) => decodePairFrame(frame, classes).keys;

both("strings short", ROWS, (w) => {
  for (let i = 0; i < ROWS; i += 1) w.write(words[i]);
});
both("strings 60 chars", sentences.length, (w) => {
  for (let i = 0; i < sentences.length; i += 1) w.write(sentences[i]);
});
both("strings beyond latin1", ROWS, (w) => {
  for (let i = 0; i < ROWS; i += 1) w.write(wide[i]);
});
both("int32", ROWS, (w) => {
  for (let i = 0; i < ROWS; i += 1) w.write(i);
});
both("float64", ROWS, (w) => {
  for (let i = 0; i < ROWS; i += 1) w.write(i + 0.5);
});
both(
  "pairs string,int32 (columns)",
  ROWS,
  (w) => {
    for (let i = 0; i < ROWS; i += 1) w.writePair(words[i], i);
  },
  pairs,
);
both(
  "pairs string,float64 (columns)",
  ROWS,
  (w) => {
    for (let i = 0; i < ROWS; i += 1) w.writePair(words[i], i / 3);
  },
  pairs,
);
const tuples = words.map((word, i) => [word, i]);
both("pairs string,int32 (tuples)", ROWS, (w) => {
  for (let i = 0; i < ROWS; i += 1) w.write(tuples[i]);
});
const nested = words.map((word, i) => [word, [i, i / 2]]);
both("pairs string,[int,float] (tuples)", ROWS, (w) => {
  for (let i = 0; i < ROWS; i += 1) w.write(nested[i]);
});
const groups = words.map((word, i) => [word, [i, i + 1, i + 2]]);
both("pairs string,number[3] (tuples)", ROWS, (w) => {
  for (let i = 0; i < ROWS; i += 1) w.write(groups[i]);
});
const objects = words.map((word, i) => ({ user: word, page: words[(i * 31) % ROWS], at: 1.7e12 + i, ok: i % 2 === 0 }));
both("objects of 4 properties", ROWS, (w) => {
  for (let i = 0; i < ROWS; i += 1) w.write(objects[i]);
});

measure("value, object of 4: encode", ROWS, () => {
  for (let i = 0; i < ROWS; i += 1) encodeValue(objects[i], classes);
});
const encoded = objects.map((object) => encodeValue(object, classes));
measure("value, object of 4: decode", ROWS, () => {
  for (let i = 0; i < ROWS; i += 1) decodeValue(encoded[i], classes);
});

let sum = 0;
measure("hash of short strings", ROWS, () => {
  for (let i = 0; i < ROWS; i += 1) sum += hashKey(words[i]);
});
measure("hash of numbers", ROWS, () => {
  for (let i = 0; i < ROWS; i += 1) sum += hashKey(i * 1.5);
});
const composite = words.map((word, i) => [word, i % 100]);
measure("hash of [string, number]", ROWS, () => {
  for (let i = 0; i < ROWS; i += 1) sum += hashKey(composite[i]);
});
measure("canonical [string, number]", ROWS, () => {
  for (let i = 0; i < ROWS; i += 1) sum += canonicalKey(composite[i]).length;
});
const count = (keys) => {
  const map = new KeyMap();
  for (let i = 0; i < keys.length; i += 1) {
    const slot = map.find(keys[i]);
    if (slot < 0) map.add(keys[i], 1);
    else map.setAt(slot, map.valueAt(slot) + 1);
  }
  sum += map.size;
};
const common = Array.from({ length: ROWS }, (_, i) => words[(i * 31) % 5000]);
measure("KeyMap count, 5 000 strings", ROWS, () => count(common));
measure("Map count, 5 000 strings", ROWS, () => {
  const map = new Map();
  for (let i = 0; i < ROWS; i += 1) map.set(common[i], (map.get(common[i]) ?? 0) + 1);
  sum += map.size;
});
measure("KeyMap count, 200 000 strings", ROWS, () => count(words));
measure("KeyMap count, [string, number]", ROWS, () => count(composite));

const text = Buffer.from(`${sentences.join("\n")}\n`);
const chunks = [];
for (let at = 0; at < text.length; at += 65_536) chunks.push(text.subarray(at, at + 65_536));
measure("lines of 60: LineSplitter", sentences.length, () => {
  const splitter = new LineSplitter();
  for (const chunk of chunks) sum += splitter.push(chunk).length;
});
let lineFrames = [];
measure("lines of 60: LineBlockWriter", sentences.length, () => {
  const writer = new LineBlockWriter();
  for (const chunk of chunks) writer.push(chunk);
  lineFrames = writer.takeFrames();
});
measure("lines of 60: decode", sentences.length, () => {
  for (const frame of lineFrames) for (const one of readFrames(frame)) sum += decodeFrame(one, classes).length;
});
if (sum === 0) console.log("nothing ran");
