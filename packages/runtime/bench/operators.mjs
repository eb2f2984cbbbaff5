// Each operator against the same chain written by hand as one loop over an array:
// node packages/runtime/bench/operators.mjs [records=400000] [rounds=9] [names…]. Needs a build.
// Each record of the source is taken apart into a thousand by a flatMap over arrays that are there already, so that both
// sides begin with arrays. Both end in keeping the last record, so that nothing can be left out. Shuffles are not looked at:
// grouping and joining happen within a task, over pairs that lie right.
import { RECORDS } from "./operators/data.mjs";
import { foldChains } from "./operators/folds.mjs";
import { keyChains } from "./operators/keys.mjs";
import { orderChains } from "./operators/orders.mjs";
import { recordChains } from "./operators/records.mjs";
import { Rig } from "./operators/rig.mjs";
import { compared } from "./operators/rounds.mjs";
import { stateChains } from "./operators/states.mjs";

const rounds = Number(process.argv[3] ?? 9);
const wanted = process.argv.slice(4);
const chains = [...recordChains, ...foldChains, ...orderChains, ...keyChains, ...stateChains].filter(
  ({ name }) => wanted.length === 0 || wanted.includes(name),
);

console.log(`${RECORDS} records, ${rounds} rounds; ns a record, and how fast the engine is beside the loop`);
let last;
for (const chain of chains) {
  const rig = new Rig(); // with what the chains before have left, the collector would have more to do in each round
  const memory = new Map();
  const hand = () => {
    last = chain.hand(chain.input, chain.other, memory);
  };
  const { first, second, ratio } = await compared(hand, rig.task(chain), rounds);
  const ns = (ms) => ((ms * 1e6) / RECORDS).toFixed(1).padStart(7);
  console.log(`${chain.name.padEnd(31)} loop ${ns(first)}  engine ${ns(second)}  ${ratio.toFixed(2)}`);
  rig.close();
}
if (last === undefined) throw new Error("nothing was kept");
