import * as vscode from "vscode";
import type { ServerAddress } from "../../address/model.ts";
import { parseServer } from "../../address/parse.ts";
import { AppError } from "../../common/errors.ts";
import { sanitize } from "../../common/sanitize.ts";
import { callProtection, insecureWarning } from "../../host/joinAddresses.ts";
import { nameOf } from "../../security/certificates/certificate.ts";
import { servingCertificates } from "../../security/certificates/find.ts";
import { listSerialPorts } from "../../transport/serial/port.ts";
import type { App } from "../app.ts";
import type { DebugSessions } from "../host/debugSessions.ts";
import type { ServableSession, ServedServer } from "../host/serving.ts";
import { confirm, showError } from "../messages.ts";
import { COMMANDS, VIEWS } from "../names.ts";
import { choosePassword } from "../secretPrompts.ts";
import { checkServer } from "./check.ts";
import { usualJoin } from "./copy.ts";
import { chooseSession } from "./pickers.ts";
import { type Means, type StartChoice, startChoices } from "./startChoices.ts";

const TITLE = "Start Debug Server";
const TRY_AGAIN = "Try Again";

/** From the palette, a row, or the call stack: session, transport, and what guests need to join. */
export async function start(app: App, sessions: DebugSessions, argument: unknown): Promise<void> {
  const session = await chooseSession(app, sessions, argument, TITLE);
  if (session === undefined) return;
  const title = `${TITLE}: ${session.name}`;
  // What was typed is there again after a failure.
  let draft: string | undefined;
  for (;;) {
    const wanted = await chooseServer(app, session, title, draft);
    if (wanted === undefined) return;
    draft = wanted.typed;
    const progress = { location: vscode.ProgressLocation.Window, title: "Starting a debug server" };
    const outcome = await vscode.window.withProgress(progress, () =>
      app.serving.start(session, wanted.address).catch((thrown: unknown) => AppError.from(thrown)),
    );
    if (!(outcome instanceof AppError)) return announce(app, outcome);
    if ((await showError(app, outcome, TRY_AGAIN)) !== TRY_AGAIN) return;
  }
}

interface Wanted {
  readonly address: ServerAddress;
  readonly typed: string | undefined;
}

async function chooseServer(
  app: App,
  session: ServableSession,
  title: string,
  draft: string | undefined,
): Promise<Wanted | undefined> {
  let typing = draft;
  for (;;) {
    if (typing !== undefined) {
      const typed = await typeServer(title, typing);
      if (typed === undefined) return undefined;
      if (typed.kind === "server") return { address: typed.address, typed: typed.text };
    }
    const choices = startChoices(session.name, await means(app));
    const choice = await vscode.window.showQuickPick(choices, {
      title,
      placeHolder: "How do guests reach it?",
      matchOnDescription: true,
    });
    if (choice === undefined) return undefined;
    if (choice.server !== undefined) {
      const address = await settle(choice, choice.server, title);
      return address && { address, typed: undefined };
    }
    typing = "";
  }
}

/** A password is chosen for what needs one; what is insecure is done only by those who say so once more. */
async function settle(
  { insecure, needsPassword }: StartChoice,
  server: string,
  title: string,
): Promise<ServerAddress | undefined> {
  const address = readServer(server);
  if (needsPassword) {
    const value = await choosePassword(title);
    return value === undefined ? undefined : { ...address, password: { kind: "literal", value } };
  }
  if (!insecure) return address;
  const view = "Let Them Only Look";
  const control = "Let Them Control";
  const choice = await confirm(
    "Let everybody in who can reach this machine?",
    `You are not asked about anybody. ${insecureWarning(address)?.join(" ") ?? ""}`,
    view,
    control,
  );
  if (choice === control) return address;
  return choice === view ? { ...address, access: "view" } : undefined;
}

function readServer(text: string): ServerAddress {
  const parsed = parseServer(text);
  if (parsed.ok) return parsed.value;
  throw new AppError("internal", parsed.message, { hint: parsed.hint });
}

async function means(app: App): Promise<Means> {
  const [pipes, certificates, devices] = await Promise.all([
    pipesInUse(app),
    usableCertificates(),
    listSerialPorts().catch(() => []),
  ]);
  return {
    pipesInUse: pipes,
    certificates,
    devices: devices.map(({ path }) => path),
    platform: process.platform,
  };
}

/** The names of this user's certificates that can serve; no passphrase is asked for, and a broken store has none. */
async function usableCertificates(): Promise<string[]> {
  const found = await servingCertificates().catch(() => []);
  return [...new Set(found.map(nameOf))];
}

/** The names of the pipes of all servers that are known here. */
async function pipesInUse({ registry, serving }: App): Promise<Set<string>> {
  const addresses = serving.servers.map(({ hosted }) => hosted.server.address);
  for (const { server } of await registry.list().catch(() => [])) {
    const parsed = parseServer(server);
    if (parsed.ok) addresses.push(parsed.value);
  }
  return new Set(addresses.flatMap((address) => ("pipe" in address ? [address.pipe] : [])));
}

/** The join string is in the clipboard: the next thing that the user does is to send it. */
async function announce(app: App, served: ServedServer): Promise<void> {
  const { session, hosted } = served;
  const join = usualJoin(app, served);
  const copied = await vscode.env.clipboard.writeText(join).then(
    () => "The join string has been copied",
    // A browser may want to be asked first.
    () => "The join string is",
  );
  const { address, dialing } = hosted.server;
  const { password } = address;
  const more = password === undefined ? "" : " Guests need the password, too.";
  const warning = insecureWarning(address);
  const closed = hosted.server.firewallProblem;
  if (closed !== undefined) void vscode.window.showWarningMessage(sanitize(closed.toLine()));
  const can = dialing === undefined ? "can be joined" : `can be joined from ${dialing.host}, which is called`;
  const protection = callProtection(address);
  const only = protection === undefined ? "" : ` ${protection}`;
  const text = sanitize(`“${session.name}” ${can}.${only}${more} ${copied}: ${join}`);
  const choices = [...(password === undefined ? [] : ["Copy Password"]), "Copy Link", "Show"];
  // Not awaited: the command is done, whenever the message is.
  void (
    warning === undefined
      ? vscode.window.showInformationMessage(text, ...choices)
      : vscode.window.showWarningMessage(sanitize(`WARNING: ${warning.join(" ")} ${text}`), ...choices)
  ).then((choice) => {
    if (choice === "Copy Password") return vscode.commands.executeCommand(COMMANDS.copyPassword, { served });
    if (choice === "Copy Link") return vscode.commands.executeCommand(COMMANDS.copyJoinLink, { served });
    return choice && vscode.commands.executeCommand(`${VIEWS.serving}.focus`);
  });
}

type TypedServer =
  | { readonly kind: "server"; readonly text: string; readonly address: ServerAddress }
  | { readonly kind: "back" };

/** Lets the user type a server's connection string, and says at every letter what is wrong with it. */
function typeServer(title: string, draft: string): Promise<TypedServer | undefined> {
  const box = vscode.window.createInputBox();
  box.title = title;
  box.placeholder = "tcp:port=5005";
  box.prompt = "Where guests find the session. Enter confirms.";
  box.ignoreFocusOut = true;
  box.buttons = [vscode.QuickInputButtons.Back];
  box.value = draft;
  box.valueSelection = [draft.length, draft.length];
  const validate = () => (box.validationMessage = box.value === "" ? undefined : messageFor(box.value));
  validate();
  return new Promise((resolve) => {
    const finish = (result: TypedServer | undefined) => {
      resolve(result);
      box.dispose();
    };
    box.onDidChangeValue(validate);
    box.onDidTriggerButton(() => finish({ kind: "back" }));
    box.onDidHide(() => finish(undefined));
    box.onDidAccept(() => {
      const checked = checkServer(box.value);
      if (checked.ok) return finish({ kind: "server", text: box.value, address: checked.address });
      box.validationMessage = {
        message: sanitize(checked.message),
        severity: vscode.InputBoxValidationSeverity.Error,
      };
      box.valueSelection = checked.selection;
    });
    box.show();
  });
}

function messageFor(text: string): vscode.InputBoxValidationMessage | undefined {
  const checked = checkServer(text);
  const { Info, Warning, Error: Wrong } = vscode.InputBoxValidationSeverity;
  if (!checked.ok) return { message: sanitize(checked.message), severity: checked.unfinished ? Info : Wrong };
  return checked.warning === undefined
    ? undefined
    : { message: sanitize(`WARNING: ${checked.warning}`), severity: Warning };
}
