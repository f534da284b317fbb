import { type JsonObject, type Outcome, encodeJson } from "../dap/messages.ts";
import { REQUESTS } from "../dap/requests.ts";
import { asText } from "../common/values.ts";
import { type Activity, changeActivity } from "./activity.ts";
import { type AdapterEvents, threadIdsIn } from "./adapterEvents.ts";
import type { Breakpoints } from "./breakpoints.ts";
import type { Participant, WindowRequest } from "./client.ts";
import type { ClientStartup } from "./clientStartup.ts";
import type { Execution } from "./execution.ts";
import type { ExecutionControl } from "./executionControl.ts";
import type { SelectedFrames } from "./selectedFrames.ts";
import type { Snapshot } from "./snapshot.ts";
import type { NamedSources } from "./sources.ts";

/** The parts of the hub that the window's requests concern, as clients' requests do. */
interface WindowParts {
  readonly activity: Activity;
  readonly clientStartup: ClientStartup;
  readonly breakpoints: Breakpoints;
  readonly execution: Execution;
  readonly executionControl: ExecutionControl;
  readonly frames: SelectedFrames;
  readonly snapshot: Snapshot;
  readonly sources: NamedSources;
}

/**
 * The host's own window where it speaks to the adapter beside the hub, as VS Code does: it starts, configures and ends
 * the session. The hub is told what the window asks and what it is answered, so that guests see what the host does as
 * they see each other's activity. It never refuses the window anything: its requests are on their way already.
 */
export class HostWindow {
  readonly participant: Participant;
  readonly #children: () => Iterable<HostWindow>;
  readonly #parts: WindowParts;
  readonly #events: AdapterEvents;
  #isEnding = false;

  /** `children`: the window's part in the child sessions that go on. */
  constructor(
    participant: Participant,
    children: () => Iterable<HostWindow>,
    parts: WindowParts,
    events: AdapterEvents,
  ) {
    this.participant = participant;
    this.#children = children;
    this.#parts = parts;
    this.#events = events;
  }

  /** Tells of a request before the adapter has it. Returns what is to be called with its answer, once. */
  sent(request: WindowRequest): (outcome: Outcome) => void {
    this.participant.lastActiveAt = Date.now();
    const { command, args } = request;
    const rule = REQUESTS.get(command);
    const { clientStartup, executionControl, breakpoints, snapshot, sources, execution, frames } =
      this.#parts;
    switch (rule?.kind) {
      case "lifecycle":
        if (command === "restart") {
          snapshot.restarted();
          return executionControl.windowResumes(this, command, args);
        }
        if (["initialize", "launch", "attach"].includes(command))
          return clientStartup.windowStarts(command, args);
        if (command === "disconnect" || command === "terminate")
          this.ends(args.restart === true ? "restarts the session" : "ends the session");
        return () => {};
      case "execution":
        if (command !== "pause") return executionControl.windowResumes(this, command, args);
        return ({ success }) => {
          if (success) this.#parts.activity.report(this, rule.activity ?? command);
        };
      case "breakpoints":
        return (outcome) => breakpoints.windowLists(this, request, outcome);
      case "evaluate":
        return () => {
          if ((args.context ?? "repl") !== "repl") return;
          this.#events.altered(undefined, encodeJson({ areas: ["variables"] }));
          this.#parts.activity.report(this, `evaluates ${asText(args.expression)}`);
        };
      case "change":
        return ({ success }) => {
          if (success) this.#changed(command, args);
        };
      case "query": {
        const { version } = execution;
        const selected = command === "scopes" ? frames.windowSelects(this, args.frameId) : undefined;
        return (outcome) => {
          selected?.(outcome);
          const { success, body } = outcome;
          if (!success) return;
          sources.note(command, body);
          if (command === "threads") execution.listed(threadIdsIn(body), version);
        };
      }
      case "cancel":
      case "reverse":
      case undefined:
        return () => {};
    }
  }

  /** The host ends this session, and its child sessions with it: the guests of each are told, once. */
  ends(activity: string): void {
    if (this.#isEnding || this.#parts.snapshot.terminated) return;
    this.#isEnding = true;
    this.#parts.activity.report(this, activity);
    for (const child of this.#children()) child.ends(activity);
  }

  #changed(command: string, args: JsonObject): void {
    this.#events.altered(
      undefined,
      encodeJson({ areas: [command === "terminateThreads" ? "threads" : "variables"] }),
    );
    this.#parts.activity.report(this, changeActivity(command, args));
  }
}
