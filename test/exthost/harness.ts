import { inspect } from "node:util";

interface ExtensionHostTest {
  readonly name: string;
  readonly body: () => Promise<void> | void;
}

const tests: ExtensionHostTest[] = [];

/** As node:test's; that one reports on a standard output which an extension host does not have. */
export function test(name: string, body: () => Promise<void> | void): void {
  tests.push({ name, body });
}

/** Runs all, one after the other. Rejects if one failed: that is how VS Code learns it. */
export async function runAll(): Promise<void> {
  let failed = 0;
  for (const { name, body } of tests) {
    try {
      await body();
      console.log(`ok - ${name}`);
    } catch (thrown) {
      failed++;
      console.error(`not ok - ${name}\n${thrown instanceof Error ? (thrown.stack ?? "") : inspect(thrown)}`);
    }
  }
  console.log(`${tests.length - failed} passed, ${failed} failed`);
  if (failed > 0 || tests.length === 0) throw new Error(`${failed} of ${tests.length} tests failed`);
}
