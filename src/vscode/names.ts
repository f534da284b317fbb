/** Every name by which package.json and the code know the same thing; a test holds the two against each other. */

/** Publisher and name; links to us begin with it. */
export const EXTENSION_ID = "debug-server.debug-server";

/** The debug type of sessions that join a server or wrap an adapter. */
export const DEBUG_TYPE = "debug-server";

/** The scheme of the host's sources, shown to its guests. */
export const SOURCE_SCHEME = "debug-server";

/** The language of `*.dbgsrv`. */
export const SCRIPT_LANGUAGE = "debug-server-script";

export const COMMANDS = {
  start: "debugServer.start",
  stop: "debugServer.stop",
  copyJoinString: "debugServer.copyJoinString",
  copyJoinLink: "debugServer.copyJoinLink",
  copyPassword: "debugServer.copyPassword",
  join: "debugServer.join",
  leave: "debugServer.leave",
  removeGuest: "debugServer.removeGuest",
  changeAccess: "debugServer.changeAccess",
  joinRequests: "debugServer.joinRequests",
  allowControl: "debugServer.allowControl",
  allowView: "debugServer.allowView",
  deny: "debugServer.deny",
  say: "debugServer.say",
  showLog: "debugServer.showLog",
  runScript: "debugServer.runScript",
  newCertificate: "debugServer.newCertificate",
  refresh: "debugServer.refresh",
} as const;

export type CommandName = keyof typeof COMMANDS;

export const VIEWS = {
  serving: "debugServer.serving",
  machine: "debugServer.machine",
  joined: "debugServer.joined",
} as const;

export type ViewName = keyof typeof VIEWS;

export const SETTINGS = {
  section: "debugServer",
  /** Connection strings of the servers that start with every debug session. */
  startWithSession: "startWithSession",
  /** How others see the person at this window. */
  name: "name",
  /** Whether servers are announced on the local network, and whether those of others are shown. */
  announce: "announce",
  discover: "discover",
} as const;

/** Where it is kept in the workspace's state which breakpoints of a host VS Code has made: they may outlive the window. */
export const HOST_BREAKPOINTS = "hostBreakpoints";

/** Where it is kept which breakpoints of guests are in VS Code's list: VS Code remembers them, too. */
export const GUEST_BREAKPOINTS = "guestBreakpoints";

/** Keys of `when` clauses. */
export const CONTEXT = {
  /** A debug session of this window could be served. */
  hasSession: "debugServer.hasSession",
  /** A server of this window runs. */
  isServing: "debugServer.isServing",
  /** One of them has a password. */
  hasPassword: "debugServer.hasPassword",
  /** A guest is in whom this window may remove. */
  hasGuests: "debugServer.hasGuests",
  /** A join request waits for an answer. */
  hasRequests: "debugServer.hasRequests",
  /** This window is a guest somewhere. */
  isGuest: "debugServer.isGuest",
} as const;
