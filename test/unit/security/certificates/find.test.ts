import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import type { CertificateMatch } from "../../../../src/address/model.ts";
import { AppError } from "../../../../src/common/errors.ts";
import {
  type Certificate,
  certificateOf,
  matches,
} from "../../../../src/security/certificates/certificate.ts";
import { createCertificate } from "../../../../src/security/certificates/create.ts";
import { findCertificate, trustedCertificates } from "../../../../src/security/certificates/find.ts";
import type { CertificateStore, StoreEntry } from "../../../../src/security/certificates/store.ts";

const NAMES = ["alpha", "beta"];
const KINDS = ["good", "expired", "future", "wrongPurpose", "anyPurpose"] as const;
const REFUSED: Readonly<Record<string, RegExp>> = {
  expired: /has expired on 2001-01-01/,
  future: /is not valid before 2060-01-01/,
  wrongPurpose: /is not for server authentication/,
};

/** By `name kind`, each with its key. */
const made = new Map<string, Certificate>();

before(async () => {
  const options = {
    good: {},
    expired: { notBefore: new Date("2000-01-01"), notAfter: new Date("2001-01-01") },
    future: { notBefore: new Date("2060-01-01"), notAfter: new Date("2061-01-01") },
    wrongPurpose: { purposes: ["clientAuth"] },
    anyPurpose: { purposes: [] },
  } as const;
  for (const name of NAMES) {
    for (const kind of KINDS) {
      const { certificate, privateKey } = await createCertificate({ commonName: name, ...options[kind] });
      const key = createPrivateKey(privateKey);
      const origin = { store: "user", privateKey: key, friendlyName: `friend of ${name}` } as const;
      made.set(`${name} ${kind}`, certificateOf(new X509Certificate(certificate), origin));
    }
  }
});

type State = "open" | "keyless" | "locked" | "sealed" | "broken" | "illegible";

interface Shape {
  readonly name: string;
  readonly kind: (typeof KINDS)[number];
  readonly state: State;
  readonly fileName: string;
}

/** `sealed`: nothing of it can be seen without the passphrase, which is "right". */
function entryOf({ name, kind, state, fileName }: Shape): StoreEntry {
  const whole = { ...made.get(`${name} ${kind}`), fileName } as Certificate;
  const certificate = { ...whole, privateKey: undefined };
  const place = { location: `/store/${fileName}`, fileName };
  const error = new AppError("notAllowed", `${fileName} is broken.`);
  const unlock = async (ask: (file: string) => Promise<string | undefined>) => {
    const passphrase = await ask(place.location);
    if (passphrase === "wrong") throw new AppError("notAllowed", `The passphrase does not open ${fileName}.`);
    return passphrase === undefined ? undefined : whole;
  };
  if (state === "open") return { ...place, kind: "open", certificate: whole };
  if (state === "keyless") return { ...place, kind: "open", certificate };
  if (state === "locked") return { ...place, kind: "locked", certificate, unlock };
  if (state === "sealed") return { ...place, kind: "locked", unlock };
  return { ...place, kind: "broken", error, certificate: state === "broken" ? certificate : undefined };
}

function storeOf(shapes: readonly Shape[], name: "user" | "machine" = "user"): CertificateStore {
  return { name, location: `/${name}`, list: () => Promise.resolve(shapes.map(entryOf)) };
}

const shape = (name: string, kind: Shape["kind"], state: State, fileName = "x.pem"): Shape => ({
  name,
  kind,
  state,
  fileName,
});
const named = (name: string): CertificateMatch => ({ kind: "name", name });
const serve = (shapes: readonly Shape[], match: CertificateMatch, passphrase?: string) =>
  findCertificate({ store: "user", match }, "serve", {
    stores: [storeOf(shapes), storeOf([shape("beta", "good", "open")], "machine")],
    passphrase: () => Promise.resolve(passphrase),
  });

const refuses = (promise: Promise<unknown>, message: RegExp, hint = /./) =>
  assert.rejects(promise, (thrown) => {
    assert.ok(thrown instanceof AppError, String(thrown));
    assert.match(thrown.message, message);
    assert.match(thrown.hint ?? "", hint);
    return true;
  });

describe("findCertificate", () => {
  test("by each of its names and thumbprints, in the store that is meant only", async () => {
    const shapes = [shape("alpha", "good", "open", "file.pem")];
    const alpha = made.get("alpha good");
    assert.ok(alpha);
    const thumbprint = (algorithm: "sha1" | "sha256"): CertificateMatch => ({
      kind: "thumbprint",
      thumbprint: { algorithm, hex: alpha[algorithm] },
    });
    const all = [
      ...["alpha", "friend of alpha", "file", "file.pem"].map(named),
      thumbprint("sha1"),
      thumbprint("sha256"),
    ];
    for (const match of all) assert.equal((await serve(shapes, match)).sha256, alpha.sha256);
    await refuses(
      serve(shapes, named("beta")),
      /No certificate in the user's store is called "beta"/,
      /there are: alpha\./,
    );
    await refuses(
      serve([], thumbprint("sha1")),
      new RegExp(`has the thumbprint ${alpha.sha1}`),
      /cert new NAME/,
    );
  });

  test("each refusal has its own words", async () => {
    for (const [kind, message] of Object.entries(REFUSED)) {
      await refuses(serve([shape("alpha", kind as Shape["kind"], "open")], named("alpha")), message);
    }
    await refuses(serve([shape("alpha", "good", "keyless")], named("alpha")), /has no private key/);
    await refuses(
      serve([shape("alpha", "good", "open"), shape("alpha", "anyPurpose", "open")], named("alpha")),
      /Several certificates are called "alpha"/,
      new RegExp(`thumbprint.*${made.get("alpha good")?.sha1}.*${made.get("alpha anyPurpose")?.sha1}`),
    );
    const locked = [shape("alpha", "good", "locked")];
    await refuses(serve(locked, named("alpha")), /needs a passphrase/, /--passphrase/);
    await refuses(serve(locked, named("alpha"), "wrong"), /passphrase does not open/, /^$/);
    assert.ok((await serve(locked, named("alpha"), "right")).privateKey);
  });

  test("the one with a key is taken, of the same certificate twice", async () => {
    const twice = [shape("alpha", "good", "keyless", "a.pem"), shape("alpha", "good", "open", "b.pem")];
    for (const shapes of [twice, twice.toReversed()])
      assert.ok((await serve(shapes, named("alpha"))).privateKey);
  });

  test("what nobody can look into is opened if nothing else matches, one question after the other", async () => {
    const shapes = [shape("beta", "good", "sealed", "a.pfx"), shape("alpha", "good", "sealed", "b.pfx")];
    const asked: string[] = [];
    const passphrase = (file: string) => {
      asked.push(file);
      return Promise.resolve(file === "/store/a.pfx" ? "wrong" : "right");
    };
    const options = { stores: [storeOf([...shapes, shape("beta", "good", "open")])], passphrase };
    const find = (name: string) => findCertificate({ store: "user", match: named(name) }, "serve", options);
    assert.equal((await find("alpha")).commonName, "alpha");
    assert.deepEqual(asked.splice(0), ["/store/a.pfx", "/store/b.pfx"]);
    await find("beta");
    assert.deepEqual(asked.splice(0), [], "it was there to be seen");
    assert.equal((await find("b")).commonName, "alpha");
    assert.deepEqual(asked.splice(0), ["/store/b.pfx"]);
    await refuses(find("nobody"), /passphrase does not open/, /^$/);
  });

  test("to trust somebody, the certificate is enough, whatever it is for", async () => {
    for (const kind of KINDS) {
      for (const state of ["keyless", "locked"] as const) {
        const options = { stores: [storeOf([shape("alpha", kind, state)])] };
        const found = await findCertificate({ store: "user", match: named("alpha") }, "trust", options);
        assert.equal(found.commonName, "alpha");
        assert.equal(found.privateKey, undefined);
      }
    }
  });

  test("whatever is there: the one that is meant, or a refusal that is true", async () => {
    const shapes = fc.array(
      fc.record({
        name: fc.constantFrom(...NAMES),
        kind: fc.constantFrom(...KINDS),
        state: fc.constantFrom<State>("open", "keyless", "locked", "sealed", "broken", "illegible"),
        fileName: fc.constantFrom("alpha.pem", "one.pem", "two.pfx"),
      }),
      { maxLength: 5 },
    );
    const purpose = fc.constantFrom("serve" as const, "trust" as const);
    const passphrase = fc.constantFrom("right", "wrong", undefined);
    await fc.assert(
      fc.asyncProperty(shapes, purpose, passphrase, async (all, purpose, answer) => {
        const match = named("alpha");
        const visible = all.filter(
          ({ state }) => state !== "illegible" && (state !== "sealed" || answer === "right"),
        );
        const meant = visible.map(entryOf).flatMap(({ certificate }, index) => {
          const shape = visible[index];
          const whole =
            certificate ??
            (shape &&
              ({ ...made.get(`${shape.name} ${shape.kind}`), fileName: shape.fileName } as Certificate));
          return whole !== undefined && matches(whole, match) ? [whole] : [];
        });
        const different = new Set(meant.map(({ sha256 }) => sha256));
        const options = { stores: [storeOf(all)], passphrase: () => Promise.resolve(answer) };
        try {
          const found = await findCertificate({ store: "user", match }, purpose, options);
          assert.ok(different.has(found.sha256));
          assert.ok(matches(found, match));
          if (purpose === "serve") {
            assert.ok(found.privateKey);
            assert.ok(
              ["good", "anyPurpose"].some((kind) =>
                NAMES.some((name) => made.get(`${name} ${kind}`)?.sha256 === found.sha256),
              ),
            );
          }
        } catch (thrown) {
          if (!(thrown instanceof AppError)) throw thrown;
          if (thrown.message.startsWith("Several")) assert.ok(different.size > 1);
          if (thrown.message.startsWith("No certificate")) assert.equal(different.size, 0);
          const usable = all.every(
            ({ state, kind }) => state === "open" && (kind === "good" || kind === "anyPurpose"),
          );
          if (usable) assert.notEqual(different.size, 1, thrown.message);
        }
      }),
      { numRuns: 500 },
    );
  });
});

test("trusted are all that can be seen, once each, without their keys; not what is broken", async () => {
  const user = [
    shape("alpha", "good", "open"),
    shape("beta", "good", "sealed"),
    shape("beta", "expired", "broken"),
  ];
  const machine = [shape("alpha", "good", "keyless"), shape("beta", "future", "locked")];
  const found = await trustedCertificates({ stores: [storeOf(user), storeOf(machine, "machine")] });
  assert.deepEqual(
    found.map(({ sha256, privateKey }) => [sha256, privateKey]),
    ["alpha good", "beta future"].map((name) => [made.get(name)?.sha256, undefined]),
  );
});
