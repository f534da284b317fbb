import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type Browser, chromium } from "playwright-core";

interface Shared {
  readonly browser: Promise<Browser>;
  close(): Promise<void>;
}

let shared: Shared | undefined;
let windows = 0;

/**
 * One Chromium for all windows that are open now; the last that closes ends it. Windows share nothing but the
 * clipboard. Playwright kills it if this process ends before.
 */
export async function borrowBrowser(): Promise<{ browser: Browser; release: () => Promise<void> }> {
  windows++;
  const mine = (shared ??= launch());
  let released = false;
  const release = async () => {
    if (released) return;
    released = true;
    if (--windows > 0) return;
    shared = undefined;
    await mine.close();
  };
  try {
    return { browser: await mine.browser, release };
  } catch (thrown) {
    await release();
    throw thrown;
  }
}

function launch(): Shared {
  // Chromium leaves something in its temporary directory when it is killed.
  const directory = mkdtempSync(path.join(os.tmpdir(), "dse-"));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  process.once("exit", remove);
  const browser = chromium.launch({
    executablePath: "/usr/bin/chromium",
    env: { ...process.env, TMPDIR: directory },
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  return {
    browser,
    async close() {
      await (await browser.catch(() => undefined))?.close();
      process.off("exit", remove);
      remove();
    },
  };
}
