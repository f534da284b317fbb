import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Fixture } from "../support/fixtures.ts";
import type { Ground } from "./grounds.ts";
import type { Chooser } from "./random.ts";

/** A request that makes sense to someone who has seen what this person has seen. */
export interface Step {
  readonly command: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** The frame that the request is about, where it is about one. */
  readonly of?: Frame | undefined;
}

interface Frame {
  readonly id: number;
  readonly threadId: number;
}

/** An object that an answer has given out, and the frame that it was found in. */
interface Reference {
  readonly variablesReference: number;
  readonly names: string[];
  readonly of: Frame | undefined;
  /** From the debug console: DAP wants it to live on as long as feasible. */
  readonly lasting: boolean;
}

export interface PersonOptions {
  /** Whether they also ask by numbers of stops that are over: only someone who is alone is owed the adapter's own answer. */
  readonly asksOld: boolean;
  /** Whether they set breakpoints. */
  readonly setsBreakpoints: boolean;
}

const RESUMES = ["next", "stepIn", "stepOut", "continue"];

/** One person at a session: what they have been told, and what they may ask next. Equal answers lead to equal questions. */
export class Person {
  readonly #ground: Ground;
  readonly #capabilities: DebugProtocol.Capabilities;
  readonly #options: PersonOptions;
  #frames: Frame[] = [];
  #references: Reference[] = [];
  #oldFrames: Frame[] = [];
  #oldReferences: Reference[] = [];

  constructor(ground: Ground, capabilities: DebugProtocol.Capabilities, options: PersonOptions) {
    this.#ground = ground;
    this.#capabilities = capabilities;
    this.#options = options;
  }

  /** These threads ran: their numbers are old now. */
  ran(threadIds: readonly number[]): void {
    const isOld = (of: Frame | undefined) => of === undefined || threadIds.includes(of.threadId);
    this.#oldFrames.push(...this.#frames.filter(isOld));
    this.#frames = this.#frames.filter((frame) => !isOld(frame));
    const old = this.#references.filter(({ of, lasting }) => isOld(of) && !lasting);
    this.#oldReferences.push(...old);
    this.#references = this.#references.filter((reference) => !old.includes(reference));
  }

  /** What the person does next, while these threads stand and those run. */
  choose(chooser: Chooser, standing: readonly number[], running: readonly number[]): Step {
    const { asksOld, setsBreakpoints } = this.#options;
    const threadId = chooser.of(standing) ?? 0;
    const old = chooser.once(6);
    const of = chooser.of(asksOld && old ? this.#oldFrames : this.#frames);
    const reference = chooser.of(asksOld && old ? this.#oldReferences : this.#references);
    const lasting = chooser.of(this.#references.filter((each) => each.lasting));
    const steps: readonly (Step | undefined)[] = [
      { command: "threads", arguments: {} },
      {
        command: "stackTrace",
        arguments: { threadId, startFrame: chooser.below(2), levels: 1 + chooser.below(4) },
      },
      of && { command: "scopes", arguments: { frameId: of.id }, of },
      of && { command: "scopes", arguments: { frameId: of.id }, of },
      reference && variables(chooser, reference),
      reference && variables(chooser, reference),
      lasting && variables(chooser, lasting),
      this.#evaluate(chooser, of),
      this.#evaluate(chooser, of),
      reference && this.#setVariable(chooser, reference),
      setsBreakpoints ? this.#setBreakpoints(chooser) : undefined,
      ...(standing.length > 0 ? [this.#resume(chooser, threadId), this.#resume(chooser, threadId)] : []),
      running.length > 0 ? { command: "pause", arguments: { threadId: chooser.of(running) } } : undefined,
    ];
    const all = { command: "stackTrace", arguments: { threadId, startFrame: 0, levels: 20 } };
    return chooser.of(steps) ?? (standing.length > 0 ? all : { command: "threads", arguments: {} });
  }

  /** Takes in the answer to a step. */
  learn(step: Step, { success, body }: DebugProtocol.Response): void {
    if (!success || typeof body !== "object" || body === null) return;
    const answer = body as {
      readonly stackFrames?: readonly DebugProtocol.StackFrame[];
      readonly scopes?: readonly DebugProtocol.Scope[];
      readonly variables?: readonly DebugProtocol.Variable[];
      readonly variablesReference?: number;
    };
    const { fixture } = this.#ground.entry.session;
    for (const { id, source } of answer.stackFrames ?? []) {
      // What libraries and runtimes keep in their frames is not the same each time.
      if (source?.path !== undefined && source.path !== fixture.source) continue;
      this.#frames = this.#frames.filter((frame) => frame.id !== id);
      this.#frames.push({ id, threadId: Number(step.arguments["threadId"]) });
    }
    for (const scope of answer.scopes ?? []) {
      const outside =
        scope.expensive ||
        scope.presentationHint === "registers" ||
        /global|closure|module/i.test(scope.name);
      if (!outside) this.#hold(scope.variablesReference, step);
    }
    // Objects of JavaScript have no order of their own.
    const found = [...(answer.variables ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const { variablesReference } of found) this.#hold(variablesReference, step);
    if (step.command === "evaluate") this.#hold(answer.variablesReference, step);
    const opened = this.#references.find(
      ({ variablesReference }) => variablesReference === step.arguments["variablesReference"],
    );
    opened?.names.splice(0, Infinity, ...found.map(({ name }) => name));
  }

  #hold(variablesReference: number | undefined, step: Step): void {
    if (variablesReference === undefined || variablesReference === 0) return;
    this.#references = this.#references.filter((other) => other.variablesReference !== variablesReference);
    const lasting = step.command === "evaluate" && step.arguments["context"] === "repl";
    this.#references.push({ variablesReference, names: [], of: step.of, lasting });
  }

  #evaluate(chooser: Chooser, of: Frame | undefined): Step | undefined {
    const context = chooser.of(["repl", "repl", "watch", "hover"]) ?? "watch";
    const expression = chooser.of(context === "repl" ? this.#ground.repl : this.#ground.watch);
    return of && { command: "evaluate", arguments: { expression, frameId: of.id, context }, of };
  }

  #setVariable(chooser: Chooser, { variablesReference, names, of }: Reference): Step | undefined {
    const value = chooser.of(this.#ground.values);
    if (this.#capabilities.supportsSetVariable !== true || !names.includes("total")) return undefined;
    return { command: "setVariable", arguments: { variablesReference, name: "total", value }, of };
  }

  #setBreakpoints(chooser: Chooser): Step | undefined {
    const { entry, marks, conditions } = this.#ground;
    const { fixture } = entry.session;
    const conditional = this.#capabilities.supportsConditionalBreakpoints === true && chooser.once(3);
    const condition = chooser.of(conditions);
    const breakpoints = marks
      .filter(() => chooser.once(2))
      .map((mark, i) => ({
        line: fixture.line(mark),
        ...(conditional && i === 0 ? { condition } : {}),
      }));
    if (marks.length === 0) return undefined;
    return { command: "setBreakpoints", arguments: { source: sourceOf(fixture), breakpoints } };
  }

  #resume(chooser: Chooser, threadId: number): Step {
    const command = chooser.of(RESUMES) ?? "next";
    const single = chooser.once(2) && this.#capabilities.supportsSingleThreadExecutionRequests === true;
    return { command, arguments: { threadId, ...(single ? { singleThread: true } : {}) } };
  }
}

export function isResume({ command }: Step): boolean {
  return RESUMES.includes(command);
}

function variables(chooser: Chooser, { variablesReference, of }: Reference): Step {
  const page = chooser.once(4) ? { start: chooser.below(2), count: 1 + chooser.below(3) } : {};
  return { command: "variables", arguments: { variablesReference, ...page }, of };
}

export function sourceOf({ source }: Fixture): DebugProtocol.Source {
  return { name: source.slice(source.lastIndexOf("/") + 1), path: source };
}
