import * as vscode from "vscode";
import { format } from "../../address/format.ts";
import type { ClientAddress, ServerAddress } from "../../address/model.ts";
import { AppError } from "../../common/errors.ts";
import type { Logger } from "../../common/logger.ts";
import { PRODUCT } from "../../common/product.ts";
import type { JsonObject } from "../../dap/messages.ts";
import type { JoinOptions } from "../../guest/join.ts";
import type { FindOptions } from "../../security/certificates/find.ts";
import { EditorEndpoint } from "../../guest/editor.ts";
import type { EditorSession } from "../../guest/guestSession.ts";
import { sanitize, sanitizeText } from "../../common/sanitize.ts";
import type { Serving } from "../host/serving.ts";
import { type Plan, checkParent, readPlan } from "./configuration.ts";
import type { HostBreakpoints } from "./hostBreakpoints.ts";
import type { Join, Joins } from "./joins.ts";
import { hostTexts } from "./hostTexts.ts";
import { ObjectPort } from "./objectPort.ts";
import { showReconnecting } from "./reconnecting.ts";
import { WrappedAdapter } from "./wrapped.ts";

export interface GuestOptions {
  readonly joins: Joins;
  readonly serving: Serving;
  /** Whether the servers of a launch configuration may be opened. */
  readonly mayServe: (servers: readonly ServerAddress[]) => Promise<boolean>;
  readonly logger: Logger;
  /** How others see the person at this window. */
  readonly userName: () => string;
  /** The address with the password that was typed for it before, if it has none. */
  readonly withPassword: (address: ClientAddress) => Promise<ClientAddress>;
  /** Keeps the password that was typed, and is the right one. */
  readonly rememberPassword: (address: ClientAddress) => Promise<unknown>;
  readonly askPassword: (where: string, signal: AbortSignal) => JoinOptions["askPassword"];
  readonly certificates: FindOptions;
  readonly hostBreakpoints: HostBreakpoints;
  /**
   * Opens a session of a join for an editor, with the host's sources made our own: the one of that id, or the one that all
   * others are children of. `session` is the debug session of this window that shows it.
   */
  readonly openSession: (
    join: Join,
    id: string | undefined,
    session: vscode.DebugSession,
    signal: AbortSignal,
  ) => Promise<EditorSession>;
}

/** What a debug session of our type is, so that its children find their way. */
type Origin = Join | WrappedAdapter;

/**
 * Debug adapters of the type `debug-server`, within the extension host: a guest of a server, or an adapter that is
 * wrapped and served from its start.
 */
export class GuestAdapters implements vscode.DebugAdapterDescriptorFactory {
  readonly #options: GuestOptions;
  readonly #origins = new Map<string, Origin>();

  constructor(options: GuestOptions) {
    this.#options = options;
  }

  /** The join that a debug session of this window belongs to. */
  joinOf(session: vscode.DebugSession): Join | undefined {
    const origin = this.#origins.get(session.id);
    return origin instanceof WrappedAdapter ? undefined : origin;
  }

  createDebugAdapterDescriptor(session: vscode.DebugSession): vscode.DebugAdapterDescriptor {
    const port = new ObjectPort();
    const sent = new vscode.EventEmitter<vscode.DebugProtocolMessage>();
    const told = this.#options.hostBreakpoints.session();
    const send = (message: JsonObject) => sent.fire(message);
    port.onDidSendMessage((raw) => {
      // An adapter that is wrapped is of this window's user, as any other adapter of theirs.
      const isOwn = this.#origins.get(session.id) instanceof WrappedAdapter;
      const message = isOwn ? raw : hostTexts(raw);
      if (message === undefined) return;
      told.sending(message).forEach(send);
      send(message);
    });
    const gone = new AbortController();
    void this.#connect(session, port, gone.signal);
    return new vscode.DebugAdapterInlineImplementation({
      onDidSendMessage: sent.event,
      handleMessage(message) {
        told.received(message as JsonObject).forEach(send);
        port.handleMessage(message);
      },
      dispose: () => {
        gone.abort();
        port.close();
        sent.dispose();
      },
    });
  }

  /** The port keeps what VS Code sends until a reader takes it. */
  async #connect(session: vscode.DebugSession, port: ObjectPort, gone: AbortSignal): Promise<void> {
    let editor: EditorEndpoint | undefined;
    try {
      const plan = readPlan(session.configuration);
      const refusal = checkParent(plan, session.parentSession?.type);
      if (refusal !== undefined) throw refusal;
      const origin = await this.#originOf(session, plan, gone);
      this.#origins.set(session.id, origin);
      port.onClose(() => this.#origins.delete(session.id));
      if (origin instanceof WrappedAdapter) {
        origin.drive(port, plan);
        return;
      }
      const child = plan.kind === "child" ? plan.session : undefined;
      editor = new EditorEndpoint(port);
      if (child === undefined) editor.onGone(() => origin.joined.link.close());
      const { link } = origin.joined;
      editor.join(
        await this.#options.openSession(origin, child, session, gone),
        () => link.connection.isAway,
      );
    } catch (thrown) {
      const error = AppError.from(thrown);
      this.#options.logger.log("info", `${session.name}: ${error.toLine()}`);
      (editor ?? new EditorEndpoint(port)).refuse(error);
    }
  }

  async #originOf(session: vscode.DebugSession, plan: Plan, gone: AbortSignal): Promise<Origin> {
    switch (plan.kind) {
      case "wrap":
        return this.#wrap(session, plan);
      case "join":
        return this.#join(session, plan.address, gone);
      case "child": {
        const origin = this.#origins.get(session.parentSession?.id ?? "");
        if (origin === undefined)
          throw new AppError("closed", "The session that this one belongs to has ended.");
        return origin;
      }
    }
  }

  async #wrap(session: vscode.DebugSession, plan: Extract<Plan, { kind: "wrap" }>): Promise<WrappedAdapter> {
    const { logger, serving, userName, mayServe } = this.#options;
    if (!(await mayServe(plan.servers)))
      throw new AppError("refused", "You did not allow this configuration's servers.", {
        hint: 'Write others in "server" of launch.json, or none.',
      });
    return WrappedAdapter.start(plan, {
      id: session.id,
      name: session.name,
      hostName: userName(),
      cwd: session.workspaceFolder?.uri.fsPath,
      logger,
      serving,
    });
  }

  async #join(session: vscode.DebugSession, address: ClientAddress, gone: AbortSignal): Promise<Join> {
    const { joins, logger, userName, withPassword, rememberPassword, askPassword, certificates } =
      this.#options;
    const remote = await withPassword(address);
    const where = {
      location: vscode.ProgressLocation.Notification,
      title: sanitize(`Joining ${session.name}`),
    };
    return vscode.window.withProgress({ ...where, cancellable: true }, async (progress, cancelled) => {
      const cancel = new AbortController();
      cancelled.onCancellationRequested(() => cancel.abort());
      const signal = AbortSignal.any([gone, cancel.signal]);
      const join = await joins.join(
        remote,
        { name: userName(), client: PRODUCT },
        {
          logger,
          signal,
          certificates,
          askPassword: askPassword(format(address, { secrets: "mask" }), signal),
          onWait: ({ message }) => progress.report({ message: sanitize(message ?? "Waiting to be let in.") }),
        },
      );
      showReconnecting(join.joined.link, session.name);
      if (join.joined.address !== remote) void rememberPassword(join.joined.address);
      return join;
    });
  }
}

/** Checks a configuration before VS Code starts anything with it. */
export const guestConfigurations: vscode.DebugConfigurationProvider = {
  async resolveDebugConfigurationWithSubstitutedVariables(_folder, configuration) {
    try {
      readPlan(configuration);
      return configuration;
    } catch (thrown) {
      const open = "Open launch.json";
      const choice = await vscode.window.showErrorMessage(
        sanitizeText(AppError.from(thrown).toLine()),
        { modal: true },
        open,
      );
      // VS Code: null opens launch.json, undefined just does not start.
      return choice === open ? null : undefined;
    }
  },
};
