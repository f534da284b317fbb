// The closing words of `npm test` where a machine has not all that the tests use: what was left out, why, and the one
// command that brings it.
import { existsSync, readFileSync, readdirSync } from "node:fs";

const DIRECTORY = ".tools/left-out";

/** Lines to show. `skippedIn` has the runner's lines of skipped tests, by the name of their group. */
export function leftOut(skippedIn, scripts = readScripts(), hasSudo = existsSync("/usr/bin/sudo")) {
  const groups = [...skippedIn]
    .map(([group, lines]) => ({ group, parts: partsIn(lines) }))
    .filter(({ parts }) => parts.length > 0);
  if (groups.length === 0) return [];
  return [
    "",
    "LEFT OUT, for this machine does not have what they use:",
    ...groups.map(({ group, parts }) => `  ${group}: the tests with ${parts.join(", ")}`),
    ...(scripts.length > 0 ? ["What could not be set up:"] : []),
    ...scripts.map(({ name, reason }) => `  ${name} (${reason})`),
    `To run them, too: ${command(groups, scripts, hasSudo)}`,
  ];
}

/** The parts that test/support/parts.ts names, each once. */
function partsIn(lines) {
  const names = lines.flatMap(
    (line) => / # left out without (.*)$/.exec(line.trimEnd())?.[1]?.split(", ") ?? [],
  );
  return [...new Set(names)].sort();
}

function command(groups, scripts, hasSudo) {
  const again = `npm test -- ${groups.map(({ group }) => group).join(" ")}`;
  const asRoot = (text) => (hasSudo ? `sudo sh -c '${text}'` : `su -c '${text}'`);
  // In a clone of root's: what root writes into this one could not be written by its owner any more.
  if (groups.some(({ parts }) => parts.some((part) => part.endsWith("(needs root)"))))
    return asRoot(`git clone -q . /var/tmp/debug-server && cd /var/tmp/debug-server && ${again}`);
  const install = scripts.map(({ rootCommand }) => rootCommand).find((text) => text !== "");
  return install === undefined ? again : `${asRoot(install)} && ${again}`;
}

/** What scripts/tools.sh has written at the last set-up. */
function readScripts() {
  if (!existsSync(DIRECTORY)) return [];
  return readdirSync(DIRECTORY)
    .flatMap((file) => readFileSync(`${DIRECTORY}/${file}`, "utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => {
      const [name, reason = "", rootCommand = ""] = line.split("\t");
      return { name, reason, rootCommand };
    });
}
