import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

/** The program that the demo debugs: small, and it never ends by itself, so that there is time to look around. */
const SOURCE = `// A tea shop that never closes. Debug Server's demo debugs it.
function price(order) {
  let tea = order.tea * 3; // Ana's breakpoint
  let cake = order.cake * 5; // one step further
  let sum = tea + cake;
  return sum; // Ben's breakpoint
}

let number = 0;

function serve() {
  const order = { number: ++number, tea: 2, cake: 1 };
  console.log(\`order \${order.number} costs \${price(order)}\`);
}

setInterval(serve, 250);
`;

export interface Shop {
  readonly file: string;
  /** The line, from 1, with that comment. */
  line(comment: string): number;
  /** Removes it. */
  dispose(): Promise<void>;
}

/** Writes the program into a directory of its own: it works the same from a checkout and from an installed package. */
export async function openShop(): Promise<Shop> {
  // The real path: Node reports scripts by it, and the system's own may lead through a link.
  const directory = await realpath(await mkdtemp(path.join(os.tmpdir(), "debug-server-demo-")));
  const file = path.join(directory, "shop.js");
  await writeFile(file, SOURCE);
  return {
    file,
    line: (comment) => SOURCE.split("\n").findIndex((line) => line.endsWith(comment)) + 1,
    dispose: () => rm(directory, { recursive: true, force: true }),
  };
}
