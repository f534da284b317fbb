import { type Browser, chromium } from "playwright-core";

let launched: Promise<Browser> | undefined;
let windows = 0;

/**
 * One Chromium for all windows that are open now; the last that closes ends it. Windows share nothing but the
 * clipboard. Playwright kills it if this process ends before.
 */
export async function borrowBrowser(): Promise<{ browser: Browser; release: () => Promise<void> }> {
  windows++;
  launched ??= chromium.launch({
    executablePath: "/usr/bin/chromium",
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
  const mine = launched;
  let released = false;
  const release = async () => {
    if (released) return;
    released = true;
    if (--windows > 0) return;
    launched = undefined;
    await (await mine).close();
  };
  try {
    return { browser: await mine, release };
  } catch (thrown) {
    windows--;
    launched = undefined;
    throw thrown;
  }
}
