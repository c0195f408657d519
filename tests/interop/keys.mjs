// Makes the key pairs that a partner's applications sign with, and prints them as JWKs: one object by algorithm.
import "./webcrypto.mjs";
import * as jose from "jose";

async function pair(alg) {
  const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
  const [shown, secret] = await Promise.all([jose.exportJWK(publicKey), jose.exportJWK(privateKey)]);
  const named = { alg, use: "sig", kid: await jose.calculateJwkThumbprint(shown) };
  return { public: { ...shown, ...named }, private: { ...secret, ...named } };
}

console.log(JSON.stringify({ ES256: await pair("ES256"), EdDSA: await pair("EdDSA") }));
