import type { Locator, Page } from "playwright-core";
import { read, readOne } from "./dom.ts";
import { type QuickInput } from "./quickInput.ts";
import { WAIT_MS, until } from "./wait.ts";

/** A row of the call stack: a session, a thread, or a frame with its place. */
export interface StackRow {
  /** "session", "thread" or "frame"; "other" is what loads more frames or an error message. */
  readonly kind: "session" | "thread" | "frame" | "other";
  readonly name: string;
  /** "Paused on breakpoint", "Running"; of frames "". */
  readonly state: string;
  /** Of frames: the file's name and its line, from 1; else "" and 0. */
  readonly file: string;
  readonly line: number;
}

export interface VariableRow {
  readonly name: string;
  /** Of scopes "". */
  readonly value: string;
  /** From 1: scopes. */
  readonly level: number;
}

export interface BreakpointRow {
  /** The file's name, or what breaks otherwise: "Uncaught Exceptions". */
  readonly name: string;
  /** 0 where there is none. */
  readonly line: number;
  readonly enabled: boolean;
}

/** The Run and Debug side bar, and the keys that go with it. */
export class DebugView {
  readonly #page: Page;
  readonly #quickInput: QuickInput;
  readonly #stack: Locator;
  readonly #variables: Locator;
  readonly #breakpoints: Locator;

  constructor(page: Page, quickInput: QuickInput) {
    this.#page = page;
    this.#quickInput = quickInput;
    this.#stack = page.locator(".debug-call-stack .monaco-list-row");
    this.#variables = page.locator(".debug-variables .monaco-list-row");
    this.#breakpoints = page.locator(".debug-breakpoints .monaco-list-row");
  }

  /** Starts a configuration of launch.json by its name. */
  async start(name: string): Promise<void> {
    await this.#quickInput.debug(name);
  }

  /** The rows on the screen, without waiting. */
  async callStack(): Promise<StackRow[]> {
    const rows = await read(this.#stack, {
      session: ".session .name",
      thread: ".thread .name",
      frame: ".stack-frame .label",
      state: ".state",
      file: ".file-name",
      line: ".line-number",
      other: "",
    });
    return rows.map(({ session, thread, frame, state, file, line, other }) => {
      const kind = session ? "session" : thread ? "thread" : frame ? "frame" : "other";
      const name = session || thread || frame || other;
      return { kind, name, state, file, line: Number.parseInt(line, 10) || 0 };
    });
  }

  /** The frame that is selected: where the window says it is. */
  async topFrame(): Promise<StackRow | undefined> {
    return (await this.callStack()).find(({ kind }) => kind === "frame");
  }

  /** Waits until the window shows a stop, in that line and file if they are given; returns its top frame. */
  async stopped(line?: number, file?: string): Promise<StackRow> {
    const place = `${file ?? "any file"}:${line ?? "any line"}`;
    const seen = async () => ({
      arrow: await this.#page.locator(".debug-top-stack-frame-line").count(),
      stack: await this.callStack(),
    });
    const { stack } = await until(
      `a stop in ${place}`,
      seen,
      (now) => {
        const top = now.stack.find(({ kind }) => kind === "frame");
        if (top === undefined || now.arrow === 0) return false;
        return (line === undefined || top.line === line) && (file === undefined || top.file === file);
      },
      2 * WAIT_MS,
    );
    const top = stack.find(({ kind }) => kind === "frame");
    if (top === undefined) throw new Error("the stop has gone");
    return top;
  }

  /** Waits until nothing is shown as stopped: no frames. */
  async running(): Promise<void> {
    const frames = async () => (await this.callStack()).filter(({ kind }) => kind === "frame");
    await until("the window shows the program as running", frames, (rows) => rows.length === 0);
  }

  /** Waits until no session is left. */
  async ended(): Promise<void> {
    const toolbar = () => this.#page.locator(".debug-toolbar:visible").count();
    await until("there is no debug session", toolbar, (count) => count === 0);
  }

  /** The labels of the floating tool bar's buttons that can be pressed: "Continue (F5)". */
  async buttons(): Promise<string[]> {
    const items = this.#page.locator(".debug-toolbar .action-label:not(.disabled)");
    return (await read(items, { label: "@aria-label" })).map(({ label }) => label);
  }

  /** Presses a button of the tool bar, once it can be pressed; its label begins with `label`: "Step Over". */
  async press(label: string): Promise<void> {
    await this.#page.locator(`.debug-toolbar .action-label:not(.disabled)[aria-label^="${label}"]`).click();
  }

  /** The variables on the screen, without waiting. */
  async variables(): Promise<VariableRow[]> {
    const rows = await read(this.#variables, {
      scope: ".scope",
      name: ".name",
      value: ".value",
      level: "@aria-level",
    });
    return rows.map(({ scope, name, value, level }) => ({
      name: scope || name.replace(/ =$/, ""),
      value,
      level: Number(level),
    }));
  }

  /** Waits until the variable is shown with this value. */
  async variable(name: string, value: string): Promise<void> {
    const accept = (rows: VariableRow[]) => rows.some((row) => row.name === name && row.value === value);
    await until(`${name} = ${value}`, () => this.variables(), accept);
  }

  /** Opens a scope ("Local") or a structure; scopes after the first are closed. */
  async expand(name: string): Promise<void> {
    const row = this.#variable(name);
    if ((await row.getAttribute("aria-expanded")) === "true") return;
    await row.locator(".monaco-tl-twistie").click();
    await until(
      `${name} is open`,
      () => readOne(row, "@aria-expanded"),
      (expanded) => expanded === "true",
    );
  }

  /** Changes a variable, as one does by a double click. */
  async setVariable(name: string, value: string): Promise<void> {
    await this.#variable(name).locator(".expression").dblclick();
    const input = this.#variables.locator(".inputBoxContainer input");
    await input.fill(value);
    await input.press("Enter");
    await input.waitFor({ state: "hidden" });
  }

  #variable(name: string): Locator {
    const label = new RegExp(`^${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}( =)?$`);
    const named = this.#page.locator(".name, .scope").getByText(label);
    return this.#variables.filter({ has: named }).first();
  }

  /** The list of breakpoints on the screen, those by exception included. */
  async breakpoints(): Promise<BreakpointRow[]> {
    const rows = await read(this.#breakpoints, {
      name: ".name, .access-type",
      line: ".line-number",
      checked: "input@aria-checked",
      box: ".monaco-checkbox@aria-checked",
    });
    return rows.map(({ name, line, checked, box }) => ({
      name,
      line: Number.parseInt(line, 10) || 0,
      enabled: checked !== "false" && box !== "false",
    }));
  }

  /** The title of the view's welcome text or message, where nothing is debugged. */
  async message(): Promise<string> {
    return readOne(this.#page.locator(".part.sidebar .welcome-view-content"));
  }
}
