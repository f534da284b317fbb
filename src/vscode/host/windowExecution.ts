import type { JsonObject, Outcome } from "../../dap/messages.ts";
import type { WindowSession } from "./windowSession.ts";
import { messageOf } from "../../common/values.ts";

/** DAP requests that one of VS Code's own commands makes the window send, so that the window itself follows. */
const COMMANDS: ReadonlyMap<string, string> = new Map([
  ["continue", "workbench.action.debug.continue"],
  ["next", "workbench.action.debug.stepOver"],
  ["stepIn", "workbench.action.debug.stepInto"],
  ["stepOut", "workbench.action.debug.stepOut"],
  ["stepBack", "workbench.action.debug.stepBack"],
  ["reverseContinue", "workbench.action.debug.reverseContinue"],
  ["pause", "workbench.action.debug.pause"],
  ["restart", "workbench.action.debug.restart"],
]);
const STOP = "workbench.action.debug.stop";

/** How long the window has to do as it is told; then the adapter is told directly. */
const PATIENCE_MS = 3_000;

type Answer = (outcome: Outcome) => void;

/** A request of a guest that the window is to send. */
export interface PendingAction {
  readonly command: string;
  readonly args: JsonObject;
  readonly answer: Answer;
}

interface Waiting extends PendingAction {
  readonly timer: NodeJS.Timeout;
}

/** Steps, pauses and ends of guests, made by the host's window itself, so that it shows them. */
export class WindowExecution {
  readonly #session: WindowSession;
  readonly #ask: (command: string, args: JsonObject, answer: Answer) => void;
  readonly #pending: Waiting[] = [];
  /** The threads that the window has asked for: of others its commands would take the focused one instead. */
  #threads: ReadonlySet<unknown> = new Set();

  /** `ask` sends a request to the adapter without the window. */
  constructor(session: WindowSession, ask: (command: string, args: JsonObject, answer: Answer) => void) {
    this.#session = session;
    this.#ask = ask;
  }

  /** The window has been told of these threads (DAP: ThreadsResponse). */
  windowKnows(threads: readonly JsonObject[]): void {
    this.#threads = new Set(threads.map(({ id }) => id));
  }

  /** Has the window do it. False if that is not the window's to do. */
  steer(command: string, args: JsonObject, answer: Answer): boolean {
    if (command === "terminate" || command === "disconnect") {
      this.#stop(answer);
      return true;
    }
    const id = COMMANDS.get(command);
    const { threadId } = args;
    const known = command === "restart" ? !this.#session.isChild : this.#threads.has(threadId);
    if (id === undefined || !known) return false;
    const action: Waiting = {
      command,
      args,
      answer,
      timer: setTimeout(() => this.#giveUp(action), PATIENCE_MS),
    };
    this.#pending.push(action);
    const thread = typeof threadId === "number" ? threadId : undefined;
    this.#session.run(id, thread).then(undefined, () => this.#giveUp(action));
    return true;
  }

  /** The action of a guest that a request of the window fulfils. */
  claim(command: string, args: JsonObject): PendingAction | undefined {
    const action = this.#pending.find(
      (each) => each.command === command && (command === "restart" || each.args.threadId === args.threadId),
    );
    if (action !== undefined) this.#forget(action);
    return action;
  }

  dispose(): void {
    for (const action of [...this.#pending]) {
      this.#forget(action);
      action.answer({ success: false, message: "The debug session has ended." });
    }
  }

  /** Ends the session as the host would. VS Code chooses the request, so the guest's answer is that of the command. */
  #stop(answer: Answer): void {
    this.#session.run(STOP).then(
      () => answer({ success: true }),
      (thrown: unknown) => answer({ success: false, message: messageOf(thrown) }),
    );
  }

  #giveUp(action: Waiting): void {
    if (!this.#pending.includes(action)) return;
    this.#forget(action);
    this.#ask(action.command, action.args, action.answer);
  }

  #forget(action: Waiting): void {
    clearTimeout(action.timer);
    this.#pending.splice(this.#pending.indexOf(action), 1);
  }
}
