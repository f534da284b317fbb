import { execFile } from "node:child_process";
import { promisify } from "node:util";

const DEADLINE_MS = 30_000;
const OUTPUT_BYTES = 16 * 1024 * 1024;

/** Runs a PowerShell script with these variables and resolves with what it printed. */
export type RunPowerShell = (script: string, env: Readonly<Record<string, string>>) => Promise<string>;

/** Not run by any test of ours, for want of Windows. */
export const runPowerShell: RunPowerShell = async (script, env) => {
  const encoded = Buffer.from(script, "utf16le").toString("base64");
  const args = ["-NoProfile", "-NonInteractive", "-EncodedCommand", encoded];
  const options = { env: { ...process.env, ...env }, timeout: DEADLINE_MS, maxBuffer: OUTPUT_BYTES };
  const { stdout } = await promisify(execFile)("powershell.exe", args, { ...options, windowsHide: true });
  return stdout;
};
