const KiB = 1024;
const MiB = 1024 * KiB;

/** Every limit of the product, in one place; docs/LIMITS.md states the same numbers. Bytes and milliseconds. */
export const LIMITS = {
  /** A DAP header block, up to and including its empty line. */
  headerBytes: 4 * KiB,
  /** One message of a peer that has not been admitted. */
  messageBytesBeforeAdmission: 64 * KiB,
  /** One message of the adapter, of an editor that is the host's own, and of a host to its guests. */
  messageBytes: 64 * MiB,
  /** An answer of the adapter to an editor that is the host's own, and that alone. */
  messageBytesOfEditor: 1024 * MiB,
  /** One message of a guest that may do more than look. */
  messageBytesOfGuest: 4 * MiB,
  /** One message of a guest that may only look. */
  messageBytesOfViewer: 64 * KiB,
  /** What is read of a guest and not handled yet; beyond it the guest's connection is not read. */
  intakeBytes: 128 * KiB,
  /** A message that has begun and of which fewer than `stallBytes` come in this time ends its connection. */
  stallMs: 10_000,
  /** The same on a serial line: 17 bytes a second, so that a line of 300 baud suffices. */
  stallMsOnSerialLine: 60_000,
  stallBytes: 1 * KiB,
  /** From the connection to the end of the admission. */
  admissionMs: 10_000,
  /** Connections that have not been let in, in all; the ones among them whose turn it is. */
  pendingClients: 512,
  pendingClientsInTurn: 64,
  /** As many more for the moment in which one that stays silent is not yet told from one whose bytes are on their way. */
  pendingClientsOver: 128,
  /** The longest that a connection which has said something waits for its turn. */
  turnWaitMs: 60_000,
  /** Guesses at a password that wait to be answered; the longest that a guest waits for that. */
  passwordsWaiting: 256,
  passwordWaitMs: 30_000,
  /** For a person who is asked whether to admit a guest. */
  questionMs: 60_000,
  /** Join requests of one server that wait for the host at the same time: a whole class may ask at once. */
  questions: 256,
  /** Letters of what a guest says to the others by `.echo`, and of what they are told that it did. */
  echoLength: 4096,
  /** Letters of the line that tells the others what a client did: an expression may be longer. */
  activityLength: 1000,
  /** Lines of one guest in the others' debug consoles, and letters of them, in that time. */
  consoleLines: 50,
  consoleLetters: 64 * KiB,
  consoleMs: 1_000,
  /** Messages waiting for one slow client, besides the one that is being written. */
  outboxBytes: 32 * MiB,
  /** Past output that a late client is shown. */
  outputRingBytes: 1 * MiB,
  /** Answers of one adapter that are kept until the program resumes. */
  queryCacheBytes: 32 * MiB,
  /** A file of the host that a guest is shown. */
  sourceBytes: 16 * MiB,
  /** A file of a certificate store, and one that is taken into it. */
  certificateBytes: 1 * MiB,
  /** Clients of one server, unless `maxclients=` says fewer. */
  clients: 256,
  /** Objects and arrays within each other in one message of a client, or of the adapter. */
  nesting: 500,
  /** Conditions and log messages of guests that are remembered as theirs, in a window of VS Code. */
  guestCode: 10_000,
  /** Child sessions that a guest's editor is asked to open: at the same time, for one link at all, and within each other. */
  childrenUnderWay: 64,
  children: 512,
  childDepth: 8,
  /** What a client with view access may ask for in one request: bytes of memory, … */
  memoryReadBytes: 1 * MiB,
  /** … machine instructions, and how far before or behind a place they are, … */
  instructions: 10_000,
  /** … variables, stack frames and modules. */
  items: 100_000,
  /** Requests of one client that are under way at the same time, and what they weigh unless it is the host's own. */
  requestsUnderWay: 1024,
  requestBytesUnderWay: 16 * MiB,
  /** Of them, queries at the adapter while others take part. */
  queriesUnderWay: 4,
  /** How long a client waits for the adapter's answer to what another has asked; then it is asked for this client, too. */
  othersAnswerMs: 5_000,
  /** Breakpoints in one list of a client, and in that list and those of the others together. */
  breakpoints: 1024,
  /** Of one session: files with breakpoints of clients, and such breakpoints in all. */
  breakpointFiles: 1024,
  breakpointsInAll: 8192,
} as const;
