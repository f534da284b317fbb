import type * as Opaque from "@serenity-kit/opaque";

/**
 * OPAQUE (RFC 9807): both sides learn whether they know the same password, and from each other nothing else. The one
 * file that imports the library, which is loaded when the first password is used.
 */

/** RFC 9106, section 4, second recommended option: Argon2id with 64 MiB and 3 passes, about 200 ms. */
const KEY_STRETCHING = "memory-constrained";
/** There is one password for all guests of a server. */
const USER = "guest";

let loaded: Promise<typeof Opaque> | undefined;

function load(): Promise<typeof Opaque> {
  return (loaded ??= import("@serenity-kit/opaque").then(async (opaque) => {
    await opaque.ready;
    return opaque;
  }));
}

/** What a server keeps of its password: messages can be answered with it, the password cannot be read from it. */
export interface PasswordRecord {
  /** Answers a guest's first message. Throws if it is none. */
  start(startLoginRequest: string): ServerLogin;
}

export interface ServerLogin {
  readonly loginResponse: string;
  /** The key that only a guest who knows the password has, too. Throws if the guest does not know it. */
  finish(finishLoginRequest: string): Buffer;
}

export interface GuestLogin {
  readonly startLoginRequest: string;
  /** Undefined if the password is not the server's. Throws if this is no answer of a server. */
  finish(loginResponse: string): { readonly finishLoginRequest: string; readonly key: Buffer } | undefined;
}

/** Takes about 200 ms, in which this thread does nothing else. */
export async function recordPassword(password: string): Promise<PasswordRecord> {
  const { client, server } = await load();
  const serverSetup = server.createSetup();
  const start = client.startRegistration({ password });
  const { registrationResponse } = server.createRegistrationResponse({
    serverSetup,
    userIdentifier: USER,
    registrationRequest: start.registrationRequest,
  });
  const { registrationRecord } = client.finishRegistration({
    password,
    registrationResponse,
    clientRegistrationState: start.clientRegistrationState,
    keyStretching: KEY_STRETCHING,
  });
  return {
    start(startLoginRequest) {
      const { serverLoginState, loginResponse } = server.startLogin({
        serverSetup,
        registrationRecord,
        startLoginRequest,
        userIdentifier: USER,
      });
      return {
        loginResponse,
        finish: (finishLoginRequest) =>
          keyOf(server.finishLogin({ serverLoginState, finishLoginRequest }).sessionKey),
      };
    },
  };
}

/** `finish` takes about 200 ms, in which this thread does nothing else. */
export async function startLogin(password: string): Promise<GuestLogin> {
  const { client } = await load();
  const { clientLoginState, startLoginRequest } = client.startLogin({ password });
  return {
    startLoginRequest,
    finish(loginResponse) {
      const keyStretching = KEY_STRETCHING;
      const done = client.finishLogin({ clientLoginState, loginResponse, password, keyStretching });
      return done && { finishLoginRequest: done.finishLoginRequest, key: keyOf(done.sessionKey) };
    },
  };
}

function keyOf(sessionKey: string): Buffer {
  return Buffer.from(sessionKey, "base64url");
}
