import type { App } from "../app.ts";

export async function showLog({ log }: App): Promise<void> {
  log.show();
}
